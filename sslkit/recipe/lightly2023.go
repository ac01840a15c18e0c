package recipe

import (
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
)

// common is what a recipe of lightly2023 has if its method does not say otherwise. The
// preset is the state behind the tables of April 2023 (CIFAR-10) and May 2023
// (ImageNette); the other presets are this one and what they differ in.
//
// Published runs computed in float32, or in TF32 where the GPU has it; these do
// in bfloat16.
func common(data dataset.Name, batch, epochs int) Recipe {
	facts, _ := dataset.About(data)
	r := Recipe{
		Preset:      Lightly2023,
		Data:        data,
		TrainImages: facts.Train,
		TestImages:  facts.Test,
		Backbone:    backbone.ResNet18Large(),
		Views:       both(augment.SimCLR(128).Blurred(0.5)),
		Optim:       sgd,
		LR:          annealed(0.06 * float64(batch) / 256),
		Epochs:      epochs,
		Batch:       batch,
		Eval:        eval.KNN{K: 200, Temperature: 0.1},
		Precision:   device.BF16,
		Seed:        0,
		Source:      "lightly, imagenette_benchmark.py and benchmark page of May 2023; bf16 arithmetic instead of TF32",
	}
	if r.small() {
		r.Backbone = backbone.ResNet18()
		r.Views = both(augment.SimCLR(32)) // BarlowTwins and BYOL, too
		r.LR = annealed(0.06 * float64(batch) / 128)
		r.Source = "lightly, cifar10_benchmark.py and benchmark page of April 2023; bf16 arithmetic instead of TF32"
	}
	return r
}
