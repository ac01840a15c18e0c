package recipe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

// A Preset is a state of lightly's benchmarks, with its recipes for every method.
type Preset string

// The presets, oldest first. Each has a file of its own here: that of Lightly2023
// says in plain values what it is, the others what they differ in. [Diff] says how
// a recipe differs between two of them.
const (
	Seed2021    Preset = "seed2021"    // the first published tables
	Lightly2023 Preset = "lightly2023" // the tables of spring 2023, the ones to compare with
	LightlyHEAD Preset = "lightlyHEAD" // the scripts since then, without a published result
)

// tables are the presets' recipes by data set, in the order of [Published], and
// the batches and epochs that were, or would be, published.
var tables = []struct {
	preset  Preset
	data    dataset.Name
	recipes func(data dataset.Name, batch, epochs int) []Recipe
	sizes   [][2]int // batch, epochs
}{
	{Seed2021, dataset.CIFAR10, seed2021, [][2]int{{128, 200}, {512, 200}, {512, 800}, {128, 800}}},
	{Seed2021, dataset.Imagenette, seed2021, [][2]int{{256, 800}, {256, 200}}},
	{Lightly2023, dataset.CIFAR10, lightly2023, [][2]int{{128, 200}, {512, 200}, {512, 800}, {128, 800}}},
	{Lightly2023, dataset.Imagenette, lightly2023, [][2]int{{256, 800}, {256, 200}}},
	{LightlyHEAD, dataset.CIFAR10, lightlyHEAD, [][2]int{{128, 200}, {512, 200}, {512, 800}, {128, 800}}},
	{LightlyHEAD, dataset.Imagenette, lightlyHEAD, [][2]int{{128, 800}, {128, 200}, {256, 800}, {256, 200}}},
}

// Published returns every recipe of the presets, in the order of tables: by
// preset, data set, batch and epochs, then method. Expect is zero where nothing
// was published.
func Published() []Recipe {
	var recipes []Recipe
	for _, table := range tables {
		for _, size := range table.sizes {
			recipes = append(recipes, table.recipes(table.data, size[0], size[1])...)
		}
	}
	return recipes
}

// At returns a recipe as the preset would have it at any batch and number of
// epochs: its rule gives the learning rate. Expect is what was published for
// just this batch and these epochs, or zero.
func At(preset Preset, data dataset.Name, name string, batch, epochs int) (Recipe, error) {
	for _, table := range tables {
		if table.preset != preset || table.data != data {
			continue
		}
		for _, r := range table.recipes(data, batch, epochs) {
			if r.Name == name {
				return r, nil
			}
		}
	}
	return find(preset, data, name, "") // for its error
}

// CIFAR10 returns the published recipe of a method ("SimCLR") on CIFAR-10:
// ResNet-18, batch 512, 200 epochs, as of 2023.
func CIFAR10(name string) (Recipe, error) {
	return Find(Lightly2023, dataset.CIFAR10, name, 512, 200)
}

// Imagenette returns the published recipe of a method ("SimCLR") on ImageNette:
// ResNet-18, batch 256, 800 epochs, as of 2023.
func Imagenette(name string) (Recipe, error) {
	return Find(Lightly2023, dataset.Imagenette, name, 256, 800)
}

// Find returns one of [Published]. The error says what was asked for, which part
// of it there is not, and what there is instead.
func Find(preset Preset, data dataset.Name, name string, batch, epochs int) (Recipe, error) {
	return find(preset, data, name, size(batch, epochs))
}

// find is [Find] for a batch/epochs; "" is any.
func find(preset Preset, data dataset.Name, name, batchEpochs string) (Recipe, error) {
	withSize := ""
	if batchEpochs != "" {
		withSize = " with batch/epochs " + batchEpochs
	}
	found := Published()
	for _, part := range []struct {
		what, want string
		of         func(Recipe) string
	}{
		{"preset", string(preset), func(r Recipe) string { return string(r.Preset) }},
		{"data set", string(data), func(r Recipe) string { return string(r.Data) }},
		{"method", name, func(r Recipe) string { return r.Name }},
		{"batch/epochs", batchEpochs, func(r Recipe) string { return size(r.Batch, r.Epochs) }},
	} {
		if part.what == "batch/epochs" && part.want == "" {
			continue
		}
		var there []string
		var left []Recipe
		for _, r := range found {
			if value := part.of(r); value == part.want {
				left = append(left, r)
			} else if !slices.Contains(there, value) {
				there = append(there, value)
			}
		}
		if len(left) == 0 {
			return Recipe{}, fmt.Errorf("recipe: no recipe %q for %q on %q%s: want as %s one of %s",
				preset, name, data, withSize, part.what, strings.Join(there, ", "))
		}
		found = left
	}
	return found[0], nil
}

func size(batch, epochs int) string { return fmt.Sprintf("%d/%d", batch, epochs) }

// common is what the recipes of all presets have in common, unless a method's says
// otherwise. Learning rate, method, views and source are the preset's.
//
// Published runs computed in float32, or in TF32 where the GPU has it; these do
// in bfloat16.
func common(data dataset.Name, batch, epochs int) Recipe {
	facts, _ := dataset.About(data)
	r := Recipe{
		Data:        data,
		TrainImages: facts.Train,
		TestImages:  facts.Test,
		Backbone:    backbone.ResNet18Large(),
		Optim:       sgd,
		Epochs:      epochs,
		Batch:       batch,
		Eval:        eval.KNN{K: 200, Temperature: 0.1},
		Precision:   device.BF16,
		Seed:        0,
	}
	if r.small() {
		r.Backbone = backbone.ResNet18()
	}
	return r
}

// small tells the benchmark on CIFAR-10 from that on ImageNette.
func (r *Recipe) small() bool { return r.Data == dataset.CIFAR10 }

// sgd is the optimizer of most recipes, with the weight decay for batch norms and
// biases, too.
var sgd = optim.SGD{Momentum: 0.9, WeightDecay: schedule.Constant(5e-4)}

// annealed is a learning rate as most recipes have it: the value is that of the first
// epoch, and after the last it would be 0.
func annealed(lr float64) schedule.Schedule {
	return schedule.Schedule{From: lr, Shape: schedule.Annealing, Per: schedule.Epoch}
}

// both draws both views in the same way.
func both(view augment.Policy) []augment.Policy { return []augment.Policy{view, view} }
