package train

import (
	"math"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
)

// unaware is a method that does not know where it stands still.
type unaware struct{ method.Method }

func TestWarning(t *testing.T) {
	simclr := recipe.Recipe{Batch: 64, Method: method.SimCLR{Temperature: 0.5}}
	simsiam := recipe.Recipe{Batch: 64, Method: method.SimSiam{}}
	barlow := recipe.Recipe{Batch: 64, Method: method.BarlowTwins{Projector: head.MLP{Out: 100}}}
	mae := recipe.Recipe{Batch: 64, Method: method.MAE{}}
	unaware := recipe.Recipe{Batch: 64, Method: unaware{simclr.Method}}
	stuck := math.Log(127)
	for _, c := range []struct {
		recipe       recipe.Recipe
		loss, spread float64
		want         string // "" for a healthy epoch
	}{
		{simclr, 3.5, 0.9, ""},
		{simclr, stuck - 0.001, 0.9, "stuck"},
		{simclr, stuck + 0.001, 0.9, "stuck"},
		{simclr, stuck, 0.01, "collapsed"},
		{simsiam, -0.9, 0.9, ""},
		{simsiam, -0.999, 0.9, ""}, // near its optimum, with embeddings that differ
		{simsiam, -0.999, 0.02, "collapsed"},
		{barlow, 99.9, 0.9, "stuck"},
		{barlow, 40, 0.9, ""},
		{unaware, stuck, 0.9, ""}, // nothing is known of its loss
		{unaware, stuck, 0.02, "collapsed"},
		{mae, 0.5, 0.02, ""}, // its loss compares pixels
	} {
		e := Epoch{Loss: c.loss, EmbeddingSpread: c.spread}
		if collapse := collapse(c.recipe); collapse != nil {
			margin := collapse.Loss - c.loss
			e.CollapseMargin = &margin
		}
		got := warning(c.recipe, e, nil)
		if !strings.HasPrefix(got, c.want) || (c.want == "") != (got == "") || strings.Contains(got, "\n") {
			t.Errorf("%s, loss %g, spread %g: warning %q, want %q", method.Name(c.recipe.Method), c.loss, c.spread, got, c.want)
		}
	}
}

// A method's own meters tell of what neither loss nor spread do.
func TestWatched(t *testing.T) {
	for used, want := range map[float64]string{
		40: "", 1.6: "",
		1.02: "collapsed: nearly all images are in one group (groups used 1.02, healthy is at least 1.5)",
	} {
		e := Epoch{Epoch: 2, EmbeddingSpread: 0.9, GradientNorm: 1, Meters: map[string]float64{"groups used": used}}
		if got := warning(recipe.Recipe{Method: method.SMoG{}}, e, nil); got != want {
			t.Errorf("%g groups used: warning %q, want %q", used, got, want)
		}
		if got := warning(recipe.Recipe{Method: method.SimSiam{}}, e, nil); got != "" {
			t.Errorf("a method that watches nothing: warning %q", got)
		}
	}
}

// The meters are those of runs on Shapes: as the recipe has it, without centring, and with ten times the rate.
func TestWatchedDINO(t *testing.T) {
	r := recipe.Recipe{Method: method.DINO{Prototypes: 256}, Batch: 64, Epochs: 2}
	margin := 1.0
	const few, near = "collapsed: most images have the same few prototypes", "collapsed: images have nearly the same embedding"
	for _, c := range []struct {
		entropy, koLeo float64
		want           string
	}{
		{4.716, 2.0, ""}, {5.1, 2.4, ""},
		{1.7, 2.1, few}, {0.9, 2.6, few},
		{2.146, 3.8, few}, {3.3, 4.5, near},
	} {
		e := Epoch{Epoch: 2, EmbeddingSpread: 0.9, GradientNorm: 1, CollapseMargin: &margin,
			Meters: map[string]float64{"teacher mean entropy": c.entropy, "teacher KoLeo": c.koLeo}}
		if got := warning(r, e, nil); !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("entropy %g, KoLeo %g: warning %q, want %q", c.entropy, c.koLeo, got, c.want)
		}
	}
}

// A loss that depends on nothing that is trained would be found out by nobody; the
// untrained network has no gradient either.
func TestWarningWithoutGradient(t *testing.T) {
	r := recipe.Recipe{Batch: 64, Epochs: 2, Method: method.SimSiam{}}
	for epoch, want := range map[int]string{0: "", 1: "the gradient is zero"} {
		if got := warning(r, Epoch{Epoch: epoch, EmbeddingSpread: 1}, nil); !strings.HasPrefix(got, want) || (want == "") != (got == "") {
			t.Errorf("epoch %d: warning %q, want %q", epoch, got, want)
		}
	}
}

// Training of contrastive losses begins near the collapsed loss: the first of
// several epochs says nothing yet.
func TestStuckAfterTheFirstEpoch(t *testing.T) {
	margin := 0.001
	for _, c := range []struct {
		epoch, epochs int
		want          bool
	}{{1, 3, false}, {2, 3, true}, {1, 1, true}} {
		r := recipe.Recipe{Batch: 64, Epochs: c.epochs, Method: method.SimCLR{Temperature: 0.5}}
		e := Epoch{Epoch: c.epoch, Loss: math.Log(127) - margin, EmbeddingSpread: 1, CollapseMargin: &margin}
		if got := strings.HasPrefix(warning(r, e, nil), "stuck"); got != c.want {
			t.Errorf("epoch %d of %d: whether it is stuck is %t", c.epoch, c.epochs, got)
		}
	}
}

// TestSecondsTo counts from the start to the end of the first epoch that is good enough;
// the untrained network is none.
func TestSecondsTo(t *testing.T) {
	r := Result{Recipe: recipe.Recipe{Eval: eval.KNN{K: 1, Temperature: 1}}, CompileSeconds: 5, Epochs: []Epoch{
		{KNN: 0.86, KNNSeconds: 1},
		{Epoch: 1, KNN: 0.84, TrainSeconds: 10, KNNSeconds: 2},
		{Epoch: 2, KNN: 0.85, TrainSeconds: 20, KNNSeconds: 3},
		{Epoch: 3, KNN: 0.89, TrainSeconds: 40, KNNSeconds: 4},
	}}
	for accuracy, want := range map[float64]float64{0.84: 18, 0.85: 41, 0.87: 85, 0.90: 0} {
		if got, reached := r.SecondsTo(accuracy); got != want || reached != (want > 0) {
			t.Errorf("%g s to %g, %t, want %g s", got, accuracy, reached, want)
		}
	}
	r.Recipe.Eval = eval.KNN{}
	if _, reached := r.SecondsTo(0); reached {
		t.Error("a run without kNN has reached an accuracy")
	}
}
