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

// CIFAR10 returns the published recipe of a method ("SimCLR") on CIFAR-10:
// ResNet-18, batch 512, 200 epochs.
func CIFAR10(name string) (Recipe, error) {
	if name != "SimCLR" {
		return Recipe{}, fmt.Errorf("recipe: CIFAR10: no recipe for method %q: want \"SimCLR\"", name)
	}
	view := augment.SimCLR(32)
	return Recipe{
		Name:        "SimCLR",
		Preset:      "lightly2023",
		Data:        dataset.CIFAR10,
		TrainImages: 50_000,
		TestImages:  10_000,
		Backbone:    backbone.ResNet18(),
		Method: method.SimCLR{
			Projector:   head.Projection{Hidden: 512, Out: 128, BatchNorm: true},
			Temperature: 0.5,
		},
		Views:     []augment.Policy{view, view},
		Optim:     optim.SGD{LR: 0.24, Momentum: 0.9, Nesterov: false, WeightDecay: 5e-4},
		Epochs:    200,
		Batch:     512,
		Eval:      eval.KNN{K: 200, Temperature: 0.1},
		Precision: device.BF16,
		Seed:      0,
		Source:    "lightly's CIFAR-10 benchmark as of April 2023; bf16 arithmetic instead of its TF32",
		Expect:    Expect{KNN: 0.848, MemoryGiB: 4.9, Minutes: 87.1, Hardware: "NVIDIA A6000"},
	}, nil
}
