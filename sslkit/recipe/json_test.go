package recipe_test

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/internal/named"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/schedule"
)

func TestJSONRoundTrip(t *testing.T) {
	for name, want := range all(t) {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got recipe.Recipe
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s changes in JSON:\n%s", name, diff)
		}
	}
}

// A recipe's JSON has every field, and no field in it twice.
func TestJSONIsComplete(t *testing.T) {
	r, err := recipe.CIFAR10("SimCLR")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	if want := 1 + reflect.TypeOf(r).NumField(); len(fields) != want { // the version
		t.Errorf("%d fields in %s, want %d", len(fields), text, want)
	}
}

// before is a recipe of a version that wrote none.
func before(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../train/testdata/unversioned/recipe.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Recipes of before there were versions are read as they were meant.
func TestReadUnversioned(t *testing.T) {
	read := func(text string) (r recipe.Recipe) {
		t.Helper()
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := read(before(t))
	net := backbone.ResNet{Width: 4, Blocks: []int{1}, StemReLU: true, Splits: 1}
	if diff := cmp.Diff(backbone.Backbone(net), r.Backbone); diff != "" || method.Name(r.Method) != "MoCo" || len(r.Views) != 2 {
		t.Errorf("read %+v; backbone (-want +got):\n%s", r, diff)
	}
	sgd := optim.SGD{Momentum: 0.9, WeightDecay: schedule.Constant(5e-4)}
	lr := schedule.Schedule{From: 0.12, Shape: schedule.Annealing, Per: schedule.Epoch}
	if r.Optim != sgd || r.LR != lr || r.ClipNorm != 0 || r.Freeze != nil {
		t.Errorf("optimizer %+v, rate %v, want %+v and %v", r.Optim, r.LR, sgd, lr)
	}
	older := read(strings.Replace(before(t), ",\n    \"splits\": 1", "", 1))
	if diff := recipe.Diff(r, older); diff != "" {
		t.Errorf("of before there were splits: %s", diff)
	}
}

func TestReadErrors(t *testing.T) {
	now, err := json.Marshal(mustFind(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, old, new, want string }{
		{string(now), `"version":1`, `"version":2`, "version 2, want at most 1: a newer sslkit"},
		{string(now), `"epochs"`, `"epoch_count"`, `recipe: json: unknown field "epoch_count"`},
		{string(now), `"ResNet":`, `"Mixer":`, `unknown backbone "Mixer": want one of ResNet, ViT`},
		{string(now), `"SimCLR":{`, `"SimClr":{`, `unknown method "SimClr": want one of MoCo`},
		{string(now), `"stem_relu"`, `"stem"`, `backbone: ResNet: json: unknown field "stem"`},
		{before(t), `"stem_relu"`, `"stem"`, `recipe: backbone: json: unknown field "stem"`},
		{before(t), `"nesterov"`, `"nestorov"`, `recipe: optim: json: unknown field "nestorov"`},
		{string(now), `"SGD":`, `"Lion":`, `unknown optimizer "Lion": want one of SGD, LARS, Adam, AdamW`},
		{before(t), `"epochs"`, `"epoch_count"`, `recipe: json: unknown field "epoch_count"`},
		{`[3]`, "", "", "recipe: json: cannot unmarshal array"},
	} {
		text := strings.Replace(c.text, c.old, c.new, 1)
		var r recipe.Recipe
		if err := json.Unmarshal([]byte(text), &r); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: error %v, want %q", c.new, c.old, err, c.want)
		}
	}
	// Of a method that nobody knows, the recipe has the rest.
	var r recipe.Recipe
	var unknown *named.ReadError
	err = json.Unmarshal([]byte(strings.Replace(string(now), `"SimCLR":{`, `"Theirs":{`, 1)), &r)
	if !errors.As(err, &unknown) || unknown.Name != "Theirs" || r.Method != nil || r.Backbone == nil || r.Epochs != 200 {
		t.Errorf("error %v, recipe %+v", err, r)
	}
}

// Secretive is a method with a field that JSON does not get.
type Secretive struct {
	method.SimCLR
	secret int
}

// A recipe of which something would be lost in a run folder cannot be kept: another
// value would go on with the same folder.
func TestKept(t *testing.T) {
	method.Register(Secretive{})
	r := mustFind(t)
	if err := r.Kept(); err != nil {
		t.Error(err)
	}
	r.Method = Secretive{SimCLR: r.Method.(method.SimCLR)}
	if err := r.Kept(); err != nil {
		t.Error(err)
	}
	r.Method = &Secretive{SimCLR: r.Method.(Secretive).SimCLR} // it is read as a value
	if err := r.Kept(); err != nil {
		t.Error(err)
	}
	r.Method = Secretive{SimCLR: r.Method.(*Secretive).SimCLR, secret: 3}
	if err := r.Kept(); err == nil || !strings.HasPrefix(err.Error(), "method: Secretive: JSON does not keep all of it") {
		t.Errorf("error %v", err)
	}
}

func mustFind(t *testing.T) recipe.Recipe {
	t.Helper()
	r, err := recipe.CIFAR10("SimCLR")
	if err != nil {
		t.Fatal(err)
	}
	return r
}
