package recipe

import (
	"slices"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/method"
)

var _ = add(entry{
	name: "FastSiam", paper: "https://doi.org/10.1007/978-3-031-16788-1_4",
	idea:      "SimSiam with four views: predict the mean of the three others",
	benchmark: fastSiam2023, best: fastSiamBest, shapes: fastSiamOnShapes,
	results: []result{
		{Lightly2023, dataset.CIFAR10, 128, 200, 0.906, 2.7, 164.0},
		{Lightly2023, dataset.CIFAR10, 512, 200, 0.788, 9.5, 146.9},
		{Lightly2023, dataset.CIFAR10, 512, 800, 0.902, 9.5, 582.0},
		{Lightly2023, dataset.Imagenette, 256, 800, 0.873, 7.3, 299.6},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.779, 7.3, 88.2},
	},
})

// fastSiam2023 is SimSiam's recipe with four views. The script for CIFAR-10 has the
// class, but does not list it among those that it runs.
func fastSiam2023(r *Recipe) {
	simSiam2023(r)
	siam := r.Method.(method.SimSiam)
	r.Method = method.FastSiam{Projector: siam.Projector, Predictor: siam.Predictor, Full: 4}
	r.Views = four(r.Views[0])
}

func fastSiamOnShapes(r *Recipe) {
	simSiamOnShapes(r)
	siam := r.Method.(method.SimSiam)
	r.Method = method.FastSiam{Projector: siam.Projector, Predictor: siam.Predictor, Full: 4}
	r.Views = four(r.Views[0])
	r.Epochs = 4
}

// four draws four views in the same way.
func four(view augment.Policy) []augment.Policy { return slices.Repeat([]augment.Policy{view}, 4) }
