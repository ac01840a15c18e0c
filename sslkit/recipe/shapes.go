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
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/schedule"
)

// Shapes returns a recipe of our own for a method ("SimCLR") on drawn images,
// made to learn within about a minute on two CPUs. SimCLR's is the one of the
// first demonstration; the others have a narrower network and smaller batches,
// for more steps in the same time.
func Shapes(name string) (Recipe, error) {
	r := onShapes()
	r.Name = name
	normed := head.MLP{Layers: 2, Hidden: 128, Out: 64, BatchNorm: true, OutNorm: head.AffineNorm}
	switch name {
	case "MoCo":
		narrow(&r, 5)
		r.LR = annealed(0.12)
		r.Method = method.MoCo{
			Projector:   head.MLP{Layers: 2, Hidden: 128, Out: 64, OutNorm: head.NoNorm},
			Temperature: 0.2,
			Queue:       1024,
			Momentum:    schedule.Constant(0.97),
			Moves:       1,
			Enqueue:     method.EnqueueBetween,
		}
	case "SimCLR":
		r.LR = annealed(0.12)
		r.Method = method.SimCLR{Projector: normed, Temperature: 0.5}
	case "SimSiam":
		narrow(&r, 5)
		r.Views = croppedFrom(0.3)
		r.LR = annealed(0.2)
		r.Method = method.SimSiam{
			Projector: normed,
			Predictor: head.MLP{Layers: 2, Hidden: 32, Out: 64, BatchNorm: true, OutNorm: head.NoNorm},
		}
	case "BarlowTwins":
		narrow(&r, 6)
		r.Views = croppedFrom(0.4)
		r.LR = annealed(0.03)
		r.Method = method.BarlowTwins{
			Projector: head.MLP{Layers: 2, Hidden: 128, Out: 128, BatchNorm: true, OutNorm: head.NoNorm},
			Lambda:    0.005,
			Unbiased:  false,
		}
	case "BYOL":
		narrow(&r, 5)
		r.LR = annealed(0.24)
		r.Method = method.BYOL{
			Projector: head.MLP{Layers: 2, Hidden: 128, Out: 64, BatchNorm: true, OutNorm: head.NoNorm},
			Predictor: head.MLP{Layers: 2, Hidden: 32, Out: 64, BatchNorm: true, OutNorm: head.NoNorm},
			Momentum:  schedule.Constant(0.9), // a few hundred steps are too few for a slower target
			Moves:     1,
		}
	case "DCL":
		r.LR = annealed(0.12)
		r.Method = method.DCL{Projector: normed, Temperature: 0.5, Separate: false}
	case "DCLW":
		r.LR = annealed(0.12)
		r.Method = method.DCLW{Projector: normed, Temperature: 0.5, Sigma: 0.5, Separate: false}
	default:
		return Recipe{}, fmt.Errorf("recipe: no recipe for %q on %q: want one of %s", name, dataset.Shapes, strings.Join(methods(), ", "))
	}
	return r, nil
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

// methods lists the names of all methods.
func methods() []string {
	var names []string
	for _, m := range method.All() {
		names = append(names, method.Name(m))
	}
	return names
}
