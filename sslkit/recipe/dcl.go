package recipe

import (
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/method"
)

var _ = add(entry{
	name: "DCL", paper: "2110.06848",
	idea:      "SimCLR, but the right view is not among those it competes with",
	benchmark: dcl2023, since2023: dclHEAD, shapes: dclOnShapes,
	results: []result{
		{Lightly2023, dataset.CIFAR10, 128, 200, 0.844, 1.5, 102.2},
		{Lightly2023, dataset.CIFAR10, 512, 200, 0.840, 4.9, 88.2},
		{Lightly2023, dataset.CIFAR10, 512, 800, 0.874, 4.9, 334.6},
		{Lightly2023, dataset.Imagenette, 256, 800, 0.861, 3.7, 189.1},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.809, 3.7, 48.7},
	},
})

var _ = add(entry{
	name: "DCLW", paper: "2110.06848",
	idea:      "DCL that counts pairs less that are closer than the others of their batch",
	benchmark: dclw2023, since2023: dclwHEAD, shapes: dclwOnShapes,
	results: []result{
		{Lightly2023, dataset.CIFAR10, 128, 200, 0.833, 1.5, 100.4},
		{Lightly2023, dataset.CIFAR10, 512, 200, 0.824, 4.9, 87.9},
		{Lightly2023, dataset.CIFAR10, 512, 800, 0.871, 4.9, 333.3},
		{Lightly2023, dataset.Imagenette, 256, 800, 0.865, 3.7, 192.2},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.783, 3.7, 47.3},
	},
})

func dcl2023(r *Recipe) {
	r.Method = method.DCL{Projector: projector2023(), Temperature: 0.1, Separate: true}
}

func dclHEAD(r *Recipe) {
	m := r.Method.(method.DCL)
	m.Separate = false // over the negatives of both views at once
	r.Method = m
}

func dclOnShapes(r *Recipe) {
	r.LR = annealed(0.12)
	r.Method = method.DCL{Projector: shapesProjector(), Temperature: 0.5, Separate: false}
}

func dclw2023(r *Recipe) {
	r.Method = method.DCLW{Projector: projector2023(), Temperature: 0.1, Sigma: 0.5, Separate: true}
}

func dclwHEAD(r *Recipe) {
	m := r.Method.(method.DCLW)
	m.Separate = false
	r.Method = m
}

func dclwOnShapes(r *Recipe) {
	r.LR = annealed(0.12)
	r.Method = method.DCLW{Projector: shapesProjector(), Temperature: 0.5, Sigma: 0.5, Separate: false}
}
