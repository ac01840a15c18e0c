package recipe_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/schedule"
)

// all are the recipes of the package, by what makes them.
func all(t *testing.T) map[string]recipe.Recipe {
	t.Helper()
	recipes := map[string]recipe.Recipe{}
	for _, m := range method.All() {
		r, err := recipe.Shapes(method.Name(m))
		if err != nil {
			t.Fatal(err)
		}
		recipes["Shapes "+r.Name] = r
	}
	for _, r := range recipe.Published() {
		recipes[fmt.Sprintf("%s %s %s %d/%d", r.Preset, r.Data, r.Name, r.Batch, r.Epochs)] = r
	}
	return recipes
}

func TestRecipesAreValid(t *testing.T) {
	for name, r := range all(t) {
		if err := r.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := recipe.Quick(r).Validate(); err != nil {
			t.Errorf("Quick of %s: %v", name, err)
		}
		if want := method.Name(r.Method); r.Name != want {
			t.Errorf("%s has name %q, want %q", name, r.Name, want)
		}
		if r.Source == "" {
			t.Errorf("%s does not say where its values come from", name)
		}
	}
}

func TestUnknownMethod(t *testing.T) {
	for _, get := range []func(string) (recipe.Recipe, error){recipe.CIFAR10, recipe.Imagenette, recipe.Shapes} {
		if _, err := get("simclr"); err == nil || !strings.Contains(err.Error(), `"simclr"`) || !strings.Contains(err.Error(), "SimCLR") {
			t.Errorf("error %v, want one that names what was asked for and what there is", err)
		}
	}
}

func TestValidate(t *testing.T) {
	for want, spoil := range map[string]func(r *recipe.Recipe){
		"method is not set":      func(r *recipe.Recipe) { r.Method = nil },
		"train_images is 0":      func(r *recipe.Recipe) { r.TrainImages = 0 },
		"test_images is -1":      func(r *recipe.Recipe) { r.TestImages = -1 },
		"test_images is 0":       func(r *recipe.Recipe) { r.TestImages = 0 },
		"epochs is -3":           func(r *recipe.Recipe) { r.Epochs = -3 },
		"batch is 1":             func(r *recipe.Recipe) { r.Batch = 1 },
		"more than the 100":      func(r *recipe.Recipe) { r.TrainImages = 100 },
		"k is 60000":             func(r *recipe.Recipe) { r.Eval.K = 60_000 },
		"1 views, want the 2 of": func(r *recipe.Recipe) { r.Views = r.Views[:1] },
		"views[1]":               func(r *recipe.Recipe) { r.Views[1].Size = 0 },
		"3 splits":               func(r *recipe.Recipe) { r.Backbone = backbone.ResNet{Width: 4, Blocks: []int{1}, Splits: 3} },
		"backbone is not set":    func(r *recipe.Recipe) { r.Backbone = nil },
		"width":                  func(r *recipe.Recipe) { r.Backbone = backbone.ResNet18().Sized(0) },
		"temperature":            func(r *recipe.Recipe) { r.Eval.Temperature = 0 },
		"optim is not set":       func(r *recipe.Recipe) { r.Optim = nil },
		"momentum 1.5":           func(r *recipe.Recipe) { r.Optim = optim.SGD{Momentum: 1.5} },
		"lr 0, want a positive":  func(r *recipe.Recipe) { r.LR = schedule.Constant(0) },
		"lr linear from 1 to -1": func(r *recipe.Recipe) { r.LR.Shape, r.LR.From, r.LR.To = schedule.Linear, 1, -1 },
		"lr: schedule: from NaN": func(r *recipe.Recipe) { r.LR.From = math.NaN() },
		"clip_norm -1":           func(r *recipe.Recipe) { r.ClipNorm = -1 },
		"freeze: no path":        func(r *recipe.Recipe) { r.Freeze = []optim.Freeze{{Epochs: 1}} },
		"measures: knn: k is [10 20 100 60000]": func(r *recipe.Recipe) {
			r.Measures.KNN = eval.DefaultGrid()
			r.Measures.KNN.K[3] = 60_000
		},
		"want at least one of both": func(r *recipe.Recipe) { r.Measures.KNN.K = []int{5} },
		"linear: view has size 16": func(r *recipe.Recipe) {
			r.Linear = eval.DefaultLinearCrops(r.Views[0])
			r.Linear.View.Size = 16
		},
		"measures: linear: view has size 32, mean [0 0 0]": func(r *recipe.Recipe) {
			r.Measures = eval.DefaultMeasures(r.Views[0])
			r.Measures.Linear.View.Mean = [3]float64{}
		},
		"0, want at least 1 for eval, linear, and measures": func(r *recipe.Recipe) {
			r.Eval, r.Measures.KNN, r.TestImages = eval.KNN{}, eval.DefaultGrid(), 0
		},
		`"f8"`: func(r *recipe.Recipe) { r.Precision = "f8" },
	} {
		r, err := recipe.CIFAR10("SimCLR")
		if err != nil {
			t.Fatal(err)
		}
		spoil(&r)
		if err := r.Validate(); err == nil || !strings.HasPrefix(err.Error(), "recipe: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one from recipe that says %q", err, want)
		}
	}
}

// Zoomed is a method with a local view.
type Zoomed struct{ method.SimCLR }

func (Zoomed) Views() method.Crops { return method.Crops{Full: 2, Local: 1} }

func TestValidateLocalViews(t *testing.T) {
	r, err := recipe.CIFAR10("SimCLR")
	if err != nil {
		t.Fatal(err)
	}
	r.Method = Zoomed{r.Method.(method.SimCLR)}
	if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "2 views, want 2 full and 1 local ones of Zoomed") {
		t.Errorf("error %v", err)
	}
	small := r.Views[0]
	small.Size = 16
	r.Views = append(r.Views, small)
	if err := r.Validate(); err != nil {
		t.Error(err)
	}
	r.Views[0], r.Views[2] = r.Views[2], r.Views[0]
	if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "views[2] is a local one of 32 pixels, larger than the full views[0] of 16") {
		t.Errorf("error %v", err)
	}
}

// A quick recipe without a backbone is no panic, but an error of Validate.
func TestQuickOfNothing(t *testing.T) {
	if err := recipe.Quick(recipe.Recipe{}).Validate(); err == nil || !strings.Contains(err.Error(), "backbone is not set") {
		t.Errorf("error %v", err)
	}
}

// Measures are part of a recipe's JSON, and a quick run asks for no more neighbours than
// it has.
func TestMeasures(t *testing.T) {
	r := mustFind(t)
	r.Measures = eval.DefaultMeasures(r.Views[0])
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var read recipe.Recipe
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, read); diff != "" {
		t.Errorf("in JSON (-want +got):\n%s", diff)
	}
	quick := recipe.Quick(r)
	if err := quick.Validate(); err != nil || !slices.Equal(quick.Measures.KNN.K, []int{10, 20}) || r.Measures.KNN.K[3] != 200 {
		t.Errorf("a quick recipe has %+v, error %v", quick.Measures.KNN, err)
	}
	r.Eval, r.Measures, r.TestImages = eval.KNN{}, eval.Measures{Ranks: true}, 0
	if err := r.Validate(); err != nil || r.Labelled() {
		t.Errorf("ranks need no test images: %v", err)
	}
}

// A quick run keeps the kind of network, and leaves the recipe as it is.
func TestQuick(t *testing.T) {
	for name, r := range all(t) {
		before := r.Backbone.Features()
		quick := recipe.Quick(r)
		if r.Backbone.Features() != before || quick.Backbone.Features() > before {
			t.Errorf("%s: %d features become %d and %d", name, before, r.Backbone.Features(), quick.Backbone.Features())
		}
		if net, ok := r.Backbone.(backbone.ResNet); ok {
			if diff := cmp.Diff(net, quick.Backbone.(backbone.ResNet).Sized(net.Width, net.Blocks...)); diff != "" {
				t.Errorf("%s has another kind of network:\n%s", name, diff)
			}
		}
		if quick.Steps() < 2 || quick.Steps() > 10 {
			t.Errorf("%s: %d steps", name, quick.Steps())
		}
	}
}
