package recipe

import (
	"fmt"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/optim"
)

// Shapes returns a recipe of our own for a method ("SimCLR") on drawn images,
// made to learn within about a minute on two CPUs.
func Shapes(name string) (Recipe, error) {
	if name != "SimCLR" {
		return Recipe{}, fmt.Errorf("recipe: Shapes: no recipe for method %q: want \"SimCLR\"", name)
	}
	view := augment.SimCLR(32)
	view.Scale[0] = 0.2 // a smaller crop shows too little of a form
	return Recipe{
		Name:        "SimCLR",
		Data:        dataset.Shapes,
		TrainImages: 5_000,
		TestImages:  1_000,
		Backbone:    backbone.Tiny(),
		Method: method.SimCLR{
			Projector:   head.Projection{Hidden: 128, Out: 64, BatchNorm: true},
			Temperature: 0.5,
		},
		Views:     []augment.Policy{view, view},
		Optim:     optim.SGD{LR: 0.12, Momentum: 0.9, Nesterov: false, WeightDecay: 5e-4},
		Epochs:    4,
		Batch:     125,
		Eval:      eval.KNN{K: 200, Temperature: 0.1},
		Precision: device.F32,
		Seed:      0,
		Source:    "our own, for demonstrations: no published result",
	}, nil
}
