package recipe

import (
	"fmt"
	"strings"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/head"
)

// Shapes returns a recipe of our own for a method ("SimCLR") on drawn images,
// made to learn within about a minute on two CPUs. SimCLR's is the one of the
// first demonstration; the others have a narrower network and smaller batches,
// for more steps in the same time.
func Shapes(name string) (Recipe, error) {
	for _, e := range entries() {
		if e.name == name {
			r := onShapes()
			r.Name = name
			e.shapes(&r)
			return r, nil
		}
	}
	return Recipe{}, fmt.Errorf("recipe: no recipe for %q on %q: want one of %s", name, dataset.Shapes, strings.Join(methods(), ", "))
}

// shapesProjector is the projection head of most of them.
func shapesProjector() head.MLP {
	return head.MLP{Layers: 2, Hidden: 128, Out: 64, BatchNorm: true, OutNorm: head.AffineNorm}
}

// onShapes is what those recipes have in common.
func onShapes() Recipe {
	data, _ := dataset.About(dataset.Shapes)
	return Recipe{
		Data:        data.Name,
		TrainImages: data.Train,
		TestImages:  data.Test,
		Backbone:    backbone.Tiny(),
		Views:       croppedFrom(0.2), // a smaller crop shows too little of a form
		Optim:       sgd,
		Epochs:      4,
		Batch:       125,
		Eval:        eval.KNN{K: 200, Temperature: 0.1},
		Precision:   device.F32,
		Seed:        0,
		Source:      "our own, for demonstrations: no published result",
	}
}

// narrow takes more and cheaper steps.
func narrow(r *Recipe, epochs int) {
	r.Backbone, r.Batch, r.Epochs = backbone.Tiny().Sized(8), 64, epochs
}

// croppedFrom is SimCLR's augmentation with crops of at least that part of an image.
func croppedFrom(scale float64) []augment.Policy {
	view := augment.SimCLR(32)
	view.Scale[0] = scale
	return both(view)
}
