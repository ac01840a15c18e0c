package train_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// The weights of a run without an epoch are those with which it begins.
func TestWeights(t *testing.T) {
	for _, name := range []string{"SimCLR", "BYOL"} {
		r, dir := quickOf(t, name, 0), t.TempDir()
		run(t, r, dir)
		want, err := train.InitialWeights(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := train.ReadWeights(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range got.Variables.Params() {
			for i := range v.Size() {
				if got, want := got.Params[v.Offset+i], float64(float32(want.Params[v.Offset+i])); got != want {
					t.Fatalf("%s: %s: number %d is %g, want %g", name, v.Path, i, got, want)
				}
			}
		}
		if len(got.Buffers) != len(want.Buffers) || len(got.Buffers) == 0 {
			t.Errorf("%s: %d numbers in buffers, want %d", name, len(got.Buffers), len(want.Buffers))
		}
		if got.Epoch != 0 || got.Step != 0 || got.Problem != nil {
			t.Errorf("%s: epoch %d, step %d, problem %v, want none", name, got.Epoch, got.Step, got.Problem)
		}

		r.Epochs = 1 // a recipe of its own
		dir = t.TempDir()
		result := run(t, r, dir)
		if got, err = train.ReadWeights(dir); err != nil {
			t.Fatal(err)
		}
		if got.Epoch != 1 || cmp.Equal(got.Params, want.Params) {
			t.Errorf("%s: weights of epoch %d, want trained ones of epoch %d", name, got.Epoch, result.Last().Epoch)
		}
	}
}

func TestWeightsOfNoRun(t *testing.T) {
	dir := t.TempDir()
	if _, err := train.ReadWeights(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "none is no run folder") {
		t.Errorf("error %v, want one about the folder", err)
	}
	r := quick(t, 1)
	r.Batch = 0
	if _, err := train.InitialWeights(r); err == nil || !strings.Contains(err.Error(), "batch is 0") {
		t.Errorf("error %v, want one about the batch", err)
	}
}

// Plain is a program's own backbone, with no more than the interface asks for.
type Plain struct {
	Width int `json:"width"`
}

func (p Plain) Forward(scope *nn.Scope, x *graph.Node) *graph.Node {
	x = nn.Conv(scope.In("first"), x, p.Width, 3, 2)
	x = op.ReLU(nn.BatchNorm(scope.In("norm"), x, true))
	return op.Widen(nn.Dense(scope.In("last"), nn.GlobalAveragePool(x), p.Features(), true))
}

func (p Plain) Features() int             { return 2 * p.Width }
func (p Plain) Shrunk() backbone.Backbone { return Plain{Width: 2} }

func (p Plain) Validate() error {
	if p.Width < 1 {
		return errors.New("plain: width is too small")
	}
	return nil
}

var _ = backbone.Register(Plain{})

// halves is Plain with batch norm over the two halves of a batch.
type halves struct{ Plain }

func (h halves) Parts() int                { return 2 }
func (h halves) Joined() backbone.Backbone { return h.Plain }

// TestUnregistered checks that a run does not begin if its folder could not be opened again.
func TestUnregistered(t *testing.T) {
	r, set := plain(t)
	r.Backbone = halves{Plain{Width: 4}}
	err := train.Check(r, train.Options{Dir: filepath.Join(t.TempDir(), "run"), Data: set})
	if want := `run folder: it could not be opened again: backbone: unknown backbone "halves"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q in it", err, want)
	}
	if err := train.Check(r, train.Options{Data: set}); err != nil {
		t.Errorf("without a folder: %v", err)
	}
}

// plain is a recipe with Plain for images that it makes.
func plain(t *testing.T) (recipe.Recipe, *dataset.Set) {
	t.Helper()
	set := &dataset.Set{Name: "mine", Train: noise(32, 8), Test: noise(10, 8)}
	r := own(t, set)
	r.Backbone = Plain{Width: 4}
	return r, set
}

// A backbone of the program's own trains, is measured, and goes on where it was stopped.
func TestOwnBackbone(t *testing.T) {
	r, set := plain(t)
	whole, err := train.Run(t.Context(), r, train.Options{Device: device.Go, Data: set})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	options := train.Options{Dir: dir, Device: device.Go, Data: set}
	stopAfter(t, r, options, 2, 1)
	result, err := train.Run(t.Context(), r, options)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole.Epochs, result.Epochs, numbers); diff != "" {
		t.Errorf("epochs in one run and in two (-want +got):\n%s", diff)
	}
	if first, last := whole.Epochs[1].Loss, whole.Last().Loss; whole.Last().KNN == 0 || first == last {
		t.Errorf("accuracy %g, loss from %g to %g: it does not train", whole.Last().KNN, first, last)
	}
	opened, err := train.Open(dir)
	if err != nil || !cmp.Equal(opened.Recipe, r) {
		t.Errorf("the folder's recipe is %+v, error %v", opened, err)
	}

	// Its weights can be read without the method.
	want, name, err := train.ReadBackbone(dir)
	if err != nil || name != "SimCLR" || want.Epoch != 2 {
		t.Fatalf("weights %+v of %q, error %v", want, name, err)
	}
	edit(t, filepath.Join(dir, "recipe.json"), func(text string) string { return strings.Replace(text, `"SGD": {`, `"Theirs": {`, 1) })
	if got, name, err := train.ReadBackbone(dir); err != nil || name != "SimCLR" || got.Recipe.Optim != nil || len(got.Params) >= len(want.Params) {
		t.Errorf("weights %+v of %q, error %v, want those of the backbone of SimCLR", got, name, err)
	}
	edit(t, filepath.Join(dir, "recipe.json"), func(text string) string { return strings.Replace(text, `"SimCLR": {`, `"Theirs": {`, 1) })
	got, name, err := train.ReadBackbone(dir)
	if err != nil || name != "Theirs" || got.Recipe.Backbone != r.Backbone {
		t.Fatalf("weights %+v of %q, error %v", got, name, err)
	}
	for _, v := range got.Variables.Params() {
		i := slices.IndexFunc(want.Variables.Params(), func(w nn.Variable) bool { return w.Path == v.Path })
		at := want.Variables.Params()[i].Offset
		if diff := cmp.Diff(want.Params[at:at+v.Size()], got.Params[v.Offset:v.Offset+v.Size()]); diff != "" {
			t.Errorf("%s without the method (-with +without):\n%s", v.Path, diff)
		}
	}
	if len(got.Variables.Params()) != 5 || len(got.Variables.Buffers()) != 2 {
		t.Errorf("variables %+v, want those of a convolution, a norm and a dense layer", got.Variables)
	}

	edit(t, filepath.Join(dir, "recipe.json"), func(text string) string { return strings.Replace(text, `"Plain": {`, `"Theirs": {`, 1) })
	if _, _, err := train.ReadBackbone(dir); err == nil || !strings.Contains(err.Error(), `unknown backbone "Theirs"`) || !strings.Contains(err.Error(), "backbone.Register") ||
		strings.Contains(err.Error(), "no run folder") {
		t.Errorf("of a backbone that nobody knows: error %v", err)
	}
}

// A recipe with it is written, read, compared, shrunk and checked as any other.
func TestRecipeOfOwnBackbone(t *testing.T) {
	r, _ := plain(t)
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var read recipe.Recipe
	if err := json.Unmarshal(text, &read); err != nil || recipe.Diff(r, read) != "" || !cmp.Equal(r, read) {
		t.Errorf("read as %+v, error %v", read, err)
	}
	other := r
	other.Backbone = Plain{Width: 6}
	if diff := recipe.Diff(r, other); diff != "backbone.Plain.width: 4 → 6" {
		t.Errorf("another width: %s", diff)
	}
	other.Backbone = backbone.ResNet{Width: 6, Blocks: []int{1}, Splits: 1}
	if diff := recipe.Diff(r, other); !strings.HasPrefix(diff, "backbone: Plain → ResNet\nbackbone.width: 4 → 6\nbackbone.blocks[0]: none → 1\n") {
		t.Errorf("another network: %s", diff)
	}
	if net := recipe.Quick(r).Backbone; net != (Plain{Width: 2}) {
		t.Errorf("quickly it is %+v", net)
	}
	r.Backbone = Plain{}
	if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "plain: width is too small") {
		t.Errorf("error %v", err)
	}
	r.Backbone, r.Batch = halves{Plain{Width: 4}}, 7
	if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "batch is 7, want a multiple of the backbone's 2") {
		t.Errorf("error %v", err)
	}
}
