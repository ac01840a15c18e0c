package eval

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// waves are n features of five classes, by a formula.
func waves(n int, shift float64) *embedding.Set {
	const classes, dim = 5, 16
	s := &embedding.Set{Dim: dim, Classes: []string{"a", "b", "c", "d", "e"}}
	for i := range n {
		label := i * 3 % classes
		s.Labels = append(s.Labels, int32(label))
		for d := range dim {
			x := math.Sin(float64(label*dim+d+1)) + 2.2*math.Sin((float64(i)+shift)*float64(d+1)*0.7+float64(i))
			s.Features = append(s.Features, float32(x))
		}
	}
	return s
}

// The accuracies are those of the benchmarks' function in PyTorch, called for each setting.
func TestGridAgreesWithPyTorch(t *testing.T) {
	g := Grid{K: []int{1, 5, 20, 300}, Temperature: []float64{0.02, 0.1, 0.5}}
	want := []float64{0.592, 0.592, 0.592, 0.592, 0.572, 0.536, 0.592, 0.572, 0.552, 0.592, 0.58, 0.684}
	scores, err := g.Scores(t.Context(), testkit.Any(t).Kind, waves(300, 1), waves(250, 7.5))
	if err != nil {
		t.Fatal(err)
	}
	for i, knn := range g.settings() {
		if scores[i].KNN != knn || math.Abs(scores[i].Accuracy-want[i]) > 1e-9 {
			t.Errorf("%+v has accuracy %g, want %g", knn, scores[i].Accuracy, want[i])
		}
	}
	if best := scores.Best(); best != scores[11] {
		t.Errorf("the best is %+v", best)
	}
}

// What a setting answers does not depend on which others are asked at the same time.
func TestGridOfGolden(t *testing.T) {
	for file, golden := range testkit.Golden[knnFile](t, "knn") {
		for _, c := range golden.Cases {
			bank, queries, labels := c.inputs(t)
			for _, others := range [][]KNN{
				{{c.K, c.Temperature}, {c.BankRows, c.Temperature}},
				{{c.K, c.Temperature}, {1, c.Temperature}, {c.BankRows / 2, 3 * c.Temperature}},
			} {
				v, err := newVoter(testkit.Any(t), others, c.Classes)
				if err != nil {
					t.Fatal(err)
				}
				got, err := v.predict(t.Context(), queries.Tensor(dtypes.Float32), bank.Tensor(dtypes.Float32),
					tensors.FromFlatDataAndDimensions(labels, len(labels)))
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got[0], c.Prediction) {
					t.Errorf("%s/%s with %v: predictions %v, want %v", file, c.Name, others[1:], got[0], c.Prediction)
				}
			}
		}
	}
}

// Ties at the border of a smaller k go to the first of the bank, as in a search for it alone.
func TestVotesOfSeveralSettingsAgreeWithLoops(t *testing.T) {
	const queries, bank, classes = 7, 300, 5
	random := rand.New(rand.NewPCG(5, 6))
	similarities, labels := make([]float64, queries*bank), make([]int32, bank)
	for i := range similarities {
		similarities[i] = float64(random.IntN(21)-10) / 16
	}
	for i := range labels {
		labels[i] = int32(random.IntN(classes))
	}
	settings := []KNN{{20, 0.25}, {1, 0.25}, {300, 0.5}, {50, math.Inf(1)}, {20, 0.05}}
	for name, find := range searches {
		got := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
			return votes(settings, find, in[0], in[1], classes)
		}, testkit.Tensor(dtypes.Float32, similarities, queries, bank), tensors.FromFlatDataAndDimensions(labels, bank))
		for i, knn := range settings {
			testkit.Near(t, name, got[i], loops(similarities, labels, knn, queries, classes), 1e-5)
		}
	}
}

func TestScoresAsTable(t *testing.T) {
	scores := Scores{{KNN{1, 0.07}, 0.5}, {KNN{1, math.Inf(1)}, 0.25}, {KNN{200, 0.07}, 0.875}, {KNN{200, math.Inf(1)}, 1}}
	want := "" +
		"kNN accuracy    T 0.07   T +Inf\n" +
		"k 1              0.500    0.250\n" +
		"k 200            0.875    1.000"
	if got := scores.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestGridValidate(t *testing.T) {
	for _, g := range []Grid{{}, DefaultGrid(), {K: []int{3}, Temperature: []float64{math.Inf(1)}}} {
		if err := g.Validate(); err != nil {
			t.Error(err)
		}
	}
	for want, g := range map[string]Grid{
		"want at least one of both":               {K: []int{3}},
		"k 0, want at least 1":                    {K: []int{1, 0}, Temperature: []float64{1}},
		"k -1, want at least 1":                   {K: []int{-1}, Temperature: []float64{1}},
		"temperature 0, want a positive":          {K: []int{1}, Temperature: []float64{0}},
		"temperature NaN":                         {K: []int{1}, Temperature: []float64{math.NaN()}},
		"k 2 with temperature 0.1 is there twice": {K: []int{2, 5, 2}, Temperature: []float64{0.1}},
	} {
		if err := g.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", g, err, want)
		}
	}
	if (Grid{}).On() || !slices.Equal(DefaultGrid().UpTo(50).K, []int{10, 20, 50}) {
		t.Error("the zero grid is off, and one for 50 features has no larger k")
	}
	if _, err := (Grid{}).NewClassifier(testkit.Any(t), 2); err == nil || !strings.Contains(err.Error(), "classifies nothing") {
		t.Errorf("the zero grid: %v", err)
	}
}

func TestGridWantsWhatItComparesWith(t *testing.T) {
	g, kind, bank := Grid{K: []int{5}, Temperature: []float64{0.1}}, testkit.Any(t).Kind, waves(20, 1)
	unlabelled := &embedding.Set{Features: bank.Features, Dim: bank.Dim}
	if _, err := g.Scores(t.Context(), kind, bank, unlabelled); err == nil || !strings.Contains(err.Error(), "the classes of the test set are not known") {
		t.Errorf("a test set without labels: %v", err)
	}
	if _, err := g.Scores(t.Context(), kind, waves(3, 1), bank); err == nil || !strings.Contains(err.Error(), "k 5 is more than the 3 features") {
		t.Errorf("a small bank: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Scores(ctx, kind, bank, bank); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}
