package bench

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"reflect"
	"slices"
	"strings"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/recipe"
)

// A Plan says which runs to make: every method at every batch, number of epochs
// and seed.
type Plan struct {
	Data    dataset.Name
	Preset  recipe.Preset
	Methods []string
	Batches []int
	Epochs  []int
	Seeds   int // how many: 0, 1, …
	Scale   Scale

	// After each run:
	Linear      bool // a linear probe, eval.DefaultLinear
	Measures    bool // ranks, and eval.DefaultGrid as far as there are images
	LinearCrops bool // a linear probe on random crops, eval.DefaultLinearCrops
}

// Scale makes runs smaller than the published ones. A zero leaves a recipe's
// value as it is; a run that is scaled is not compared with published results.
type Scale struct {
	TrainImages int              // the first ones
	TestImages  int              // likewise
	Width       int              // channels of the network's first stage
	Precision   device.Precision // scales nothing down; not a difference that tables tell
}

// Default is the plan of a data set's main table: all methods, as of 2023, for
// 200 epochs.
func Default(data dataset.Name) Plan {
	p := Plan{Data: data, Preset: recipe.Lightly2023, Batches: []int{512}, Epochs: []int{200}, Seeds: 1}
	p.Methods = Methods(p.Preset, data)
	if data == dataset.Imagenette {
		p.Batches = []int{256}
	}
	return p
}

// Quick is [Default] scaled down to minutes on two CPUs. It shows that all
// works; the accuracies mean little.
func Quick(data dataset.Name) Plan {
	p := Default(data)
	p.Batches, p.Epochs = []int{64}, []int{4}
	p.Scale = Scale{TrainImages: 2000, TestImages: 1000, Width: 8, Precision: device.F32}
	return p
}

// Methods lists the methods that a preset has for a data set.
func Methods(preset recipe.Preset, data dataset.Name) []string {
	var names []string
	for _, r := range rowsOf(data) {
		if r.Preset == preset && !slices.Contains(names, r.Name) {
			names = append(names, r.Name)
		}
	}
	return names
}

// Recipes returns the recipes of the runs, always in the same order: seed 0 of
// everything first, so that a plan cut short has compared all there is once.
func (p Plan) Recipes() ([]recipe.Recipe, error) {
	if len(p.Methods) == 0 || len(p.Batches) == 0 || len(p.Epochs) == 0 || p.Seeds < 1 {
		return nil, fmt.Errorf("bench: plan: want at least one method, batch, number of epochs and seed, got %v, %v, %v, %d",
			p.Methods, p.Batches, p.Epochs, p.Seeds)
	}
	var recipes []recipe.Recipe
	planned := map[string]bool{}
	for seed := range p.Seeds {
		for _, epochs := range p.Epochs {
			for _, batch := range p.Batches {
				for _, name := range p.Methods {
					r, err := recipe.At(p.Preset, p.Data, name, batch, epochs)
					if err != nil {
						return nil, fmt.Errorf("bench: plan: %w", err)
					}
					r.Seed = uint64(seed)
					if p.Scale.Width != 0 && width(r) == 0 {
						return nil, fmt.Errorf("bench: plan: %s: width %d: a %s has none", name, p.Scale.Width, backbone.Name(r.Backbone))
					}
					r = p.measured(p.Scale.apply(r))
					if err := r.Validate(); err != nil {
						return nil, fmt.Errorf("bench: plan: %s: %w", name, err)
					}
					if id := ID(r); !planned[id] {
						planned[id] = true
						recipes = append(recipes, r)
					}
				}
			}
		}
	}
	return recipes, nil
}

// measured returns a recipe with what the plan measures after each run.
func (p Plan) measured(r recipe.Recipe) recipe.Recipe {
	if p.Linear {
		r.Linear = eval.DefaultLinear()
	}
	all := measures(r)
	if p.Measures {
		r.Measures.Ranks, r.Measures.KNN = all.Ranks, all.KNN
	}
	if p.LinearCrops {
		r.Measures.Linear = all.Linear
	}
	return r
}

// measures are all that plans know of.
func measures(r recipe.Recipe) eval.Measures {
	all := eval.DefaultMeasures(r.EvalView())
	all.KNN = all.KNN.UpTo(r.TrainImages)
	return all
}

func (s Scale) apply(r recipe.Recipe) recipe.Recipe {
	for _, part := range []struct {
		to   *int
		from int
	}{{&r.TrainImages, s.TrainImages}, {&r.TestImages, s.TestImages}} {
		if part.from != 0 {
			*part.to = part.from
		}
	}
	setWidth(&r, s.Width)
	if s.Precision != "" {
		r.Precision = s.Precision
	}
	about, _ := dataset.About(r.Data)
	r.Eval.K = recipe.Neighbours(r.Eval.K, r.TrainImages, len(about.Classes))
	if scaled(r) != "" {
		r.Expect = recipe.Expect{}
	}
	return r
}

// width is that of a ResNet's first stage, and 0 for a network of another kind.
func width(r recipe.Recipe) int {
	net, _ := r.Backbone.(backbone.ResNet)
	return net.Width
}

// setWidth gives a recipe's ResNet another width; 0 leaves it as it is.
func setWidth(r *recipe.Recipe, width int) {
	if net, ok := r.Backbone.(backbone.ResNet); ok && width != 0 {
		r.Backbone = net.Sized(width)
	}
}

// Shard returns share i of n, counted from 0, of the runs: shares of equal n
// are disjoint, and together all runs.
func Shard(recipes []recipe.Recipe, i, n int) ([]recipe.Recipe, error) {
	if n < 1 || i < 0 || i >= n {
		return nil, fmt.Errorf("bench: shard %d/%d: want i/n with 0 ≤ i < n", i, n)
	}
	var share []recipe.Recipe
	for at, r := range recipes {
		if at%n == i {
			share = append(share, r)
		}
	}
	return share, nil
}

// ID names a run: it is the name of its record and of its folder, and differs
// for recipes that differ.
func ID(r recipe.Recipe) string {
	id, told := name(r)
	if !told {
		id += "-" + digest(r)
	}
	return id
}

// name is the part of a run's [ID] that can be read, and whether it tells all that
// the recipe has.
func name(r recipe.Recipe) (id string, told bool) {
	preset := r.Preset
	if preset == "" {
		preset = "own"
	}
	id = fmt.Sprintf("%s-%s-%s-b%d-e%d-s%d", r.Data, preset, r.Name, r.Batch, r.Epochs, r.Seed)
	row, err := recipe.At(r.Preset, r.Data, r.Name, r.Batch, r.Epochs)
	if err != nil {
		return id, false
	}
	row.Seed, row.Expect = r.Seed, r.Expect
	for _, part := range []struct {
		letter    string
		row, have any
		set       func()
	}{
		{"i", row.TrainImages, r.TrainImages, func() { row.TrainImages = r.TrainImages }},
		{"t", row.TestImages, r.TestImages, func() { row.TestImages = r.TestImages }},
		{"w", width(row), cmp.Or(width(r), width(row)), func() { setWidth(&row, width(r)) }},
		{"", row.Precision, r.Precision, func() { row.Precision = r.Precision }},
		{"k", row.Eval.K, r.Eval.K, func() { row.Eval.K = r.Eval.K }},
	} {
		if part.row != part.have {
			id += fmt.Sprintf("-%s%v", part.letter, part.have)
			part.set()
		}
	}
	if r.Linear == eval.DefaultLinear() {
		id += "-linear"
		row.Linear = r.Linear
	}
	all := measures(r)
	if r.Measures.Ranks && reflect.DeepEqual(r.Measures.KNN, all.KNN) {
		id += "-measures"
		row.Measures.Ranks, row.Measures.KNN = true, r.Measures.KNN
	}
	if r.Measures.Linear == all.Linear {
		id += "-crops"
		row.Measures.Linear = r.Measures.Linear
	}
	return id, reflect.DeepEqual(row, r)
}

// digest tells recipes apart that no name does. It is another one where recipes are
// written in another form, see [older].
func digest(r recipe.Recipe) string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // recipes are plain values
	}
	return fmt.Sprintf("%08x", crc32.ChecksumIEEE(text))
}

// scaled says how a recipe is smaller than the published ones, or differs from
// them otherwise; "" if it is a published row, whatever its seed and precision.
func scaled(r recipe.Recipe) string {
	row, err := recipe.Find(r.Preset, r.Data, r.Name, r.Batch, r.Epochs)
	var parts []string
	if err != nil {
		if row, err = recipe.At(r.Preset, r.Data, r.Name, r.Batch, r.Epochs); err != nil {
			return "a recipe of its own"
		}
		parts = append(parts, fmt.Sprintf("batch %d, %d epochs", r.Batch, r.Epochs))
	}
	if r.TrainImages != row.TrainImages || r.TestImages != row.TestImages {
		parts = append(parts, fmt.Sprintf("%d/%d images", r.TrainImages, r.TestImages))
	}
	if w := width(r); w != 0 && w != width(row) {
		parts = append(parts, fmt.Sprintf("width %d", w))
		setWidth(&row, w)
	}
	row.TrainImages, row.TestImages = r.TrainImages, r.TestImages
	row.Seed, row.Precision, row.Expect, row.Eval.K = r.Seed, r.Precision, r.Expect, r.Eval.K
	row.Linear, row.Measures = r.Linear, r.Measures
	if !reflect.DeepEqual(row, r) {
		parts = append(parts, "changed recipe")
	}
	return strings.Join(parts, ", ")
}
