package recipe

import (
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/schedule"
)

var _ = add(entry{
	name: "BYOL", paper: "2006.07733",
	idea:      "predict what a moving average of the network makes of the other view",
	benchmark: byol2023, in2021: byol2021, since2023: byolHEAD, best: byolBest, shapes: byolOnShapes,
	results: []result{
		{Seed2021, dataset.CIFAR10, 128, 200, 0.85, 2.2, 0},
		{Seed2021, dataset.CIFAR10, 512, 200, 0.84, 7.5, 0}, // the page says batch 128 again; by the memory it is 512
		{Seed2021, dataset.Imagenette, 256, 800, 0.851, 0, 0},
		{Lightly2023, dataset.CIFAR10, 128, 200, 0.869, 1.6, 121.9},
		{Lightly2023, dataset.CIFAR10, 512, 200, 0.868, 5.6, 108.3},
		{Lightly2023, dataset.CIFAR10, 512, 800, 0.910, 5.4, 400.9},
		{Lightly2023, dataset.Imagenette, 256, 800, 0.887, 4.3, 214.8},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.705, 4.3, 54.4},
	},
})

func byol2023(r *Recipe) {
	layers := head.MLP{Layers: 2, Hidden: 4096, Out: 256, BatchNorm: true, OutNorm: head.NoNorm}
	if r.small() {
		layers.Hidden = 1024
	}
	r.Method = method.BYOL{Projector: layers, Predictor: layers, Momentum: schedule.Constant(0.99), Moves: 1}
}

func byol2021(r *Recipe) {
	m := r.Method.(method.BYOL)
	m.Projector.Hidden, m.Projector.AllBiases = 4096, true
	m.Predictor = m.Projector
	m.Momentum, m.Moves = schedule.Constant(0.9), 2 // 0.9² = 0.81 in a step
	r.Method = m
	r.unpublished2021()
}

func byolHEAD(r *Recipe) { r.Views = byolViews(r) }

// byolViews are those of BYOL's paper, on CIFAR-10 without blur; view 1 is solarized
// there, too.
func byolViews(r *Recipe) []augment.Policy {
	view0, view1 := augment.BYOL(128)
	if r.small() {
		view0, view1 = augment.BYOL(32)
		view0, view1 = view0.Blurred(0), view1.Blurred(0)
	}
	return []augment.Policy{view0, view1}
}

func byolOnShapes(r *Recipe) {
	narrow(r, 5)
	r.LR = annealed(0.24)
	r.Method = method.BYOL{
		Projector: head.MLP{Layers: 2, Hidden: 128, Out: 64, BatchNorm: true, OutNorm: head.NoNorm},
		Predictor: head.MLP{Layers: 2, Hidden: 32, Out: 64, BatchNorm: true, OutNorm: head.NoNorm},
		Momentum:  schedule.Constant(0.9), // a few hundred steps are too few for a slower target
		Moves:     1,
	}
}
