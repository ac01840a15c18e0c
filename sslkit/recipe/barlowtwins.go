package recipe

import (
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
)

var _ = add(entry{
	name: "BarlowTwins", paper: "2103.03230",
	idea:      "views agree, dimensions tell different things",
	benchmark: barlowTwins2023, in2021: barlowTwins2021, since2023: barlowTwinsHEAD, shapes: barlowTwinsOnShapes,
	results: []result{
		{Seed2021, dataset.CIFAR10, 128, 200, 0.84, 2.1, 0},
		{Seed2021, dataset.CIFAR10, 512, 200, 0.78, 7.1, 0},
		{Seed2021, dataset.Imagenette, 256, 800, 0.801, 0, 0},
		{Lightly2023, dataset.CIFAR10, 128, 200, 0.842, 1.7, 375.9}, // an outlier in time
		{Lightly2023, dataset.CIFAR10, 512, 200, 0.819, 5.1, 153.3},
		{Lightly2023, dataset.CIFAR10, 512, 800, 0.859, 7.9, 517.5},
		{Lightly2023, dataset.Imagenette, 256, 800, 0.852, 4.0, 298.5},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.651, 4.0, 85.0},
	},
})

func barlowTwins2023(r *Recipe) {
	m := method.BarlowTwins{
		Projector: head.MLP{Layers: 3, Hidden: 2048, Out: 2048, BatchNorm: true, OutNorm: head.NoNorm},
		Lambda:    0.005,
		Unbiased:  true,
	}
	if r.small() {
		m.Projector.Layers = 2
	}
	r.Method = m
}

func barlowTwins2021(r *Recipe) {
	m := r.Method.(method.BarlowTwins)
	m.Projector.Layers, m.Projector.AllBiases = 2, true // two layers on ImageNette, too
	r.Method = m
	r.unpublished2021()
}

func barlowTwinsHEAD(r *Recipe) {
	m := r.Method.(method.BarlowTwins)
	m.Unbiased = false
	r.Method, r.Views = m, byolViews(r)
}

func barlowTwinsOnShapes(r *Recipe) {
	narrow(r, 6)
	r.Views = croppedFrom(0.4)
	r.LR = annealed(0.03)
	r.Method = method.BarlowTwins{
		Projector: head.MLP{Layers: 2, Hidden: 128, Out: 128, BatchNorm: true, OutNorm: head.NoNorm},
		Lambda:    0.005,
		Unbiased:  false,
	}
}
