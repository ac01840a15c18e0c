package recipe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

// A Preset is a state of lightly's benchmarks, with its recipes for every method, or
// [Best].
type Preset string

// The presets, oldest first. Each has a file of its own here: that of Lightly2023
// says in plain values what it is, the others what they differ in. [Diff] says how
// a recipe differs between two of them.
const (
	Seed2021    Preset = "seed2021"    // the first published tables
	Lightly2023 Preset = "lightly2023" // the tables of spring 2023, the ones to compare with
	LightlyHEAD Preset = "lightlyHEAD" // the scripts since then, without a published result
	Best        Preset = "best"        // what the literature recommends on CIFAR-10, for a few methods, without a published result
)

// Presets lists them.
func Presets() []Preset { return []Preset{Seed2021, Lightly2023, LightlyHEAD, Best} }

// A table has the recipes of a preset on a data set, for the batches and epochs that
// were, or would be, published.
type table struct {
	preset Preset
	data   dataset.Name
	change func(e entry, r *Recipe) bool // of lightly2023's recipe; false if the preset lacks the method. Nil for nothing.
	sizes  [][2]int                      // batch, epochs
}

// tables are in the order of [Published].
var tables = []table{
	{Seed2021, dataset.CIFAR10, before2023, [][2]int{{128, 200}, {512, 200}, {512, 800}, {128, 800}}},
	{Seed2021, dataset.Imagenette, before2023, [][2]int{{256, 800}, {256, 200}}},
	{Lightly2023, dataset.CIFAR10, nil, [][2]int{{128, 200}, {512, 200}, {512, 800}, {128, 800}}},
	{Lightly2023, dataset.Imagenette, nil, [][2]int{{256, 800}, {256, 200}}},
	{LightlyHEAD, dataset.CIFAR10, since2023, [][2]int{{128, 200}, {512, 200}, {512, 800}, {128, 800}}},
	{LightlyHEAD, dataset.Imagenette, since2023, [][2]int{{128, 800}, {128, 200}, {256, 800}, {256, 200}}},
	{Best, dataset.CIFAR10, strongest, [][2]int{{256, 200}, {256, 100}, {256, 1000}}},
}

// recipe is a method's at any batch and number of epochs, if the table has it.
func (t table) recipe(e entry, batch, epochs int) (r Recipe, ok bool) {
	r = common(t.data, batch, epochs)
	if e.benchmark != nil {
		e.benchmark(&r)
	}
	if t.change != nil && !t.change(e, &r) || r.Method == nil { // there is no recipe on these data
		return Recipe{}, false
	}
	r.Name = e.name
	r.Expect = e.published(r)
	return r, true
}

// Published returns every recipe of the presets, in the order of tables: by
// preset, data set, batch and epochs, then method. Expect is zero where nothing
// was published.
func Published() []Recipe {
	var recipes []Recipe
	for _, table := range tables {
		for _, size := range table.sizes {
			for _, e := range entries() {
				if r, ok := table.recipe(e, size[0], size[1]); ok {
					recipes = append(recipes, r)
				}
			}
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
		for _, e := range entries() {
			if e.name != name {
				continue
			}
			if r, ok := table.recipe(e, batch, epochs); ok {
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

// warmed is a learning rate for the recipe's batch, given that of 256 images. It climbs
// for some epochs, twice as many in a run of 800, then goes along a cosine to 0, which
// the last epoch has.
func (r *Recipe) warmed(lr float64, warmup int) schedule.Schedule {
	if r.Epochs >= 800 {
		warmup *= 2
	}
	return schedule.Schedule{From: lr * float64(r.Batch) / 256, Warmup: warmup, Shape: schedule.Cosine, Per: schedule.Epoch}
}

// unended is that learning rate as it has been since 2023: the last epoch has a thousandth
// of the peak.
func (r *Recipe) unended() { r.LR.To = r.LR.From / 1000 }

// vivid is a view with jitter of strength 1, twice that of [augment.SimCLR] here.
func vivid(view augment.Policy) augment.Policy {
	view.Brightness, view.Contrast, view.Saturation, view.Hue = 0.8, 0.8, 0.8, 0.2
	return view
}

// both draws both views in the same way.
func both(view augment.Policy) []augment.Policy { return []augment.Policy{view, view} }
