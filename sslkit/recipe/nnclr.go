package recipe

import (
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
)

var _ = add(entry{
	name: "NNCLR", paper: "2104.14548",
	idea:      "SimCLR that finds, in place of the other view, the image of earlier batches that is nearest to it",
	benchmark: nnclr2023, since2023: nnclrHEAD, shapes: nnclrOnShapes,
	results: []result{
		{Lightly2023, dataset.CIFAR10, 128, 200, 0.834, 1.5, 101.5},
		{Lightly2023, dataset.CIFAR10, 512, 200, 0.815, 5.0, 88.1},
		{Lightly2023, dataset.CIFAR10, 512, 800, 0.892, 5.0, 335.0},
		{Lightly2023, dataset.Imagenette, 256, 800, 0.884, 3.8, 212.5},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.809, 3.8, 51.5},
	},
})

func nnclr2023(r *Recipe) {
	m := method.NNCLR{
		Projector:   head.MLP{Layers: 3, Hidden: 2048, Out: 256, BatchNorm: true, OutNorm: head.AffineNorm},
		Predictor:   head.MLP{Layers: 2, Hidden: 4096, Out: 256, BatchNorm: true, OutNorm: head.NoNorm},
		Temperature: 0.5, // the paper has 0.1
		Queue:       4096,
	}
	if r.small() {
		m.Projector.Layers = 2
		if r.Batch == 512 {
			m.Queue = 8192 // a footnote of the table; the script has 4096
		}
	}
	r.Method = m
}

func nnclrHEAD(r *Recipe) {
	m := r.Method.(method.NNCLR)
	m.Queue = 4096 // at batch 512, too, as it always was in the script
	r.Method = m
}

func nnclrOnShapes(r *Recipe) {
	narrow(r, 5)
	r.LR = annealed(0.12)
	r.Method = method.NNCLR{
		Projector:   shapesProjector(),
		Predictor:   head.MLP{Layers: 2, Hidden: 128, Out: 64, BatchNorm: true, OutNorm: head.NoNorm},
		Temperature: 0.2,
		Queue:       1024,
	}
}
