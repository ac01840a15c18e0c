package recipe

import (
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
)

var _ = add(entry{
	name: "SimCLR", paper: "2002.05709",
	idea:      "find the other view among the batch",
	benchmark: simCLR2023, in2021: simCLR2021, best: simCLRBest, shapes: simCLROnShapes,
	results: []result{
		{Seed2021, dataset.CIFAR10, 128, 200, 0.78, 2.0, 0},
		{Seed2021, dataset.CIFAR10, 512, 200, 0.83, 7.8, 0},
		{Seed2021, dataset.CIFAR10, 512, 800, 0.89, 7.7, 0},
		{Seed2021, dataset.CIFAR10, 128, 800, 0.87, 1.9, 0},
		{Seed2021, dataset.Imagenette, 256, 800, 0.847, 0, 0},
		{Lightly2023, dataset.CIFAR10, 128, 200, 0.847, 1.5, 97.7},
		{Lightly2023, dataset.CIFAR10, 512, 200, 0.848, 4.9, 87.1},
		{Lightly2023, dataset.CIFAR10, 512, 800, 0.879, 4.9, 331.1},
		{Lightly2023, dataset.Imagenette, 256, 800, 0.889, 3.7, 193.5},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.835, 3.7, 49.7},
	},
})

func simCLR2023(r *Recipe) {
	r.Method = method.SimCLR{Projector: projector2023(), Temperature: 0.5}
}

func simCLR2021(r *Recipe) {
	m := r.Method.(method.SimCLR)
	m.Projector.BatchNorm, m.Projector.OutNorm = false, head.NoNorm
	r.Method = m
}

// projector2023 is the projection head of SimCLR, DCL and DCLW.
func projector2023() head.MLP {
	return head.MLP{Layers: 2, Hidden: 512, Out: 128, BatchNorm: true, OutNorm: head.AffineNorm}
}

func simCLROnShapes(r *Recipe) {
	r.LR = annealed(0.12)
	r.Method = method.SimCLR{Projector: shapesProjector(), Temperature: 0.5}
}
