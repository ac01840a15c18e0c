package recipe

import (
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
)

var _ = add(entry{
	name: "SimSiam", paper: "2011.10566",
	idea:      "predict the other view's projection, and stop the gradient there",
	benchmark: simSiam2023, in2021: simSiam2021, shapes: simSiamOnShapes,
	results: []result{
		{Seed2021, dataset.CIFAR10, 128, 200, 0.73, 3.0, 0},
		{Seed2021, dataset.CIFAR10, 512, 200, 0.81, 7.0, 0},
		{Seed2021, dataset.CIFAR10, 512, 800, 0.91, 6.9, 0},
		{Seed2021, dataset.CIFAR10, 128, 800, 0.80, 2.0, 0},
		{Seed2021, dataset.Imagenette, 256, 800, 0.827, 0, 0},
		{Lightly2023, dataset.CIFAR10, 128, 200, 0.819, 1.6, 97.3},
		{Lightly2023, dataset.CIFAR10, 512, 200, 0.764, 5.0, 87.8},
		{Lightly2023, dataset.CIFAR10, 512, 800, 0.904, 5.1, 333.7},
		{Lightly2023, dataset.Imagenette, 256, 800, 0.872, 3.9, 206.4},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.752, 3.9, 58.2},
	},
})

func simSiam2023(r *Recipe) {
	r.LR = annealed(0.06) // at every batch size
	m := method.SimSiam{
		Projector: head.MLP{Layers: 3, Hidden: 2048, Out: 2048, BatchNorm: true, OutNorm: head.PlainNorm},
		Predictor: head.MLP{Layers: 2, Hidden: 512, Out: 2048, BatchNorm: true, OutNorm: head.NoNorm},
	}
	r.Views = both(augment.SimSiam(128).Blurred(0.5))
	if r.small() {
		r.Views = both(augment.SimSiam(32))
		m.Projector.Layers, m.Projector.OutNorm = 2, head.AffineNorm
	}
	r.Method = m
}

func simSiam2021(r *Recipe) {
	m := r.Method.(method.SimSiam)
	m.Projector.Layers, m.Projector.OutNorm = 2, head.AffineNorm // on ImageNette, too
	m.Projector.AllBiases, m.Predictor.AllBiases = true, true
	r.Method = m
}

func simSiamOnShapes(r *Recipe) {
	narrow(r, 5)
	r.Views = croppedFrom(0.3)
	r.LR = annealed(0.2)
	r.Method = method.SimSiam{
		Projector: shapesProjector(),
		Predictor: head.MLP{Layers: 2, Hidden: 32, Out: 64, BatchNorm: true, OutNorm: head.NoNorm},
	}
}
