package recipe

import (
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

var _ = add(entry{
	name: "SMoG", paper: "2207.06167",
	idea:      "find the other view's group among groups that move with the features, and are clustered anew now and then",
	benchmark: smog2023, since2023: smogHEAD, shapes: smogOnShapes,
	results: []result{
		{Lightly2023, dataset.CIFAR10, 128, 200, 0.743, 1.2, 192.2},
		{Lightly2023, dataset.CIFAR10, 512, 200, 0.686, 3.4, 110.0},
		{Lightly2023, dataset.CIFAR10, 512, 800, 0.800, 3.2, 415.6},
		{Lightly2023, dataset.Imagenette, 256, 800, 0.788, 2.6, 232.1},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.663, 2.6, 58.7},
	},
})

func smog2023(r *Recipe) {
	size, blur0, blur1 := 128, 0.5, 0.1
	if r.small() {
		size, blur0, blur1 = 32, 0, 0
	}
	view := augment.SimCLR(size)
	view.Scale[0], view.JitterP, view.Saturation = 0.2, 1, 0.2
	view0, view1 := view.Blurred(blur0), view.Blurred(blur1)
	view1.SolarizeP = 0.2
	r.Views = []augment.Policy{view0, view1}

	r.LR = annealed(0.01) // at every batch size
	r.Optim = optim.SGD{Momentum: 0.9, WeightDecay: schedule.Constant(1e-6)}
	r.Method = method.SMoG{
		Projector:   head.MLP{Layers: 2, Hidden: 2048, Out: 128, BatchNorm: true, OutNorm: head.PlainNorm},
		Predictor:   head.MLP{Layers: 2, Hidden: 2048, Out: 128, BatchNorm: true, OutNorm: head.NoNorm},
		Groups:      300,
		Beta:        0.99,
		Temperature: 0.1,
		Momentum:    schedule.Constant(0.99),
		Queue:       10_000,
		Reset:       300,
	}
}

// smogHEAD has the numbers of 2023. The script of today hands k-means the queue turned
// round, 128 rows of 10,000 numbers, and stops with an error at its first clustering,
// in step 300; here the queue is clustered as in 2023.
func smogHEAD(r *Recipe) {
	r.Source += "; the script stops at its first clustering, the recipe does not"
}

func smogOnShapes(r *Recipe) {
	narrow(r, 5)
	r.Views = croppedFrom(0.3)
	r.LR = annealed(0.24)
	r.Method = method.SMoG{
		Projector:   head.MLP{Layers: 2, Hidden: 128, Out: 64, BatchNorm: true, OutNorm: head.PlainNorm},
		Predictor:   head.MLP{Layers: 2, Hidden: 128, Out: 64, BatchNorm: true, OutNorm: head.NoNorm},
		Groups:      50,
		Beta:        0.95,
		Temperature: 0.1,
		Momentum:    schedule.Constant(0.95),
		Queue:       1024,
		Reset:       50,
	}
}
