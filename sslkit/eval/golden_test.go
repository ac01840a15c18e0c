package eval

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/op"
)

type knnFile struct {
	Cases    []knnCase      `json:"cases"`
	HandMade []handMade     `json:"hand_made"`
	Ties     map[string]tie `json:"ties"`
}

type knnCase struct {
	Name        string          `json:"name"`
	K           int             `json:"k"`
	Temperature float64         `json:"temperature"`
	Classes     int             `json:"classes"`
	BankRows    int             `json:"bank_rows"`
	Queries     int             `json:"queries"`
	Bank        json.RawMessage `json:"bank"`   // an input, "as small", or a formula over clusters
	Scores      [][]float64     `json:"scores"` // absolute; only their ratios matter
	Prediction  []int32         `json:"prediction"`
}

// handMade cases share the first one's features, k and T where they say nothing else.
type handMade struct {
	Bank        [][]float64 `json:"bank (normalise)"`
	Queries     [][]float64 `json:"queries (normalise)"`
	Labels      []int32     `json:"labels"`
	K           int         `json:"k"`
	Classes     int         `json:"classes"`
	Temperature float64     `json:"temperature"`
	ClassOrder  [][]int32   `json:"class_order"`
}

// A tie has several right answers.
type tie struct {
	Bank   [][]float64 `json:"bank"`
	Labels []int32     `json:"labels"`
	Query  []float64   `json:"query"`
	K      int         `json:"k"`
}

func TestGolden(t *testing.T) {
	for file, golden := range testkit.Golden[knnFile](t, "knn") {
		for _, c := range golden.Cases {
			t.Run(file+"/"+c.Name, func(t *testing.T) {
				bank, queries, labels := c.inputs(t)
				knn := KNN{K: c.K, Temperature: c.Temperature}
				if got := predictions(t, knn, c.Classes, queries, bank, labels); !slices.Equal(got, c.Prediction) {
					t.Errorf("predictions %v, want %v", got, c.Prediction)
				}
				if len(c.Scores) > 0 {
					checkScores(t, knn, c, queries, bank, labels)
				}
			})
		}
		for i, c := range golden.HandMade {
			first := golden.HandMade[0]
			want := make([]int32, len(c.ClassOrder))
			for q, order := range c.ClassOrder {
				want[q] = order[0]
			}
			got := predictions(t, KNN{K: c.K, Temperature: first.Temperature}, first.Classes, rows(first.Queries...), rows(first.Bank...), c.Labels)
			if !slices.Equal(got, want) {
				t.Errorf("hand_made[%d]: predictions %v, want %v", i, got, want)
			}
		}
		for name, right := range map[string][]int32{"border": {0}, "classes": {1, 2}} {
			c, ok := golden.Ties[name]
			if !ok {
				continue
			}
			got := predictions(t, KNN{K: c.K, Temperature: 0.1}, 3, rows(c.Query), rows(c.Bank...), c.Labels)
			if !slices.Contains(right, got[0]) {
				t.Errorf("ties: %s: prediction %d, want one of %d", name, got[0], right)
			}
		}
	}
}

func predictions(t *testing.T, knn KNN, classes int, queries, bank testkit.Array, labels []int32) []int32 {
	t.Helper()
	c, err := knn.NewClassifier(testkit.Any(t), classes)
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Predict(context.Background(), queries.Tensor(dtypes.Float32), bank.Tensor(dtypes.Float32),
		tensors.FromFlatDataAndDimensions(labels, len(labels)))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// checkScores compares the votes of both searches, as parts of their sum.
func checkScores(t *testing.T, knn KNN, c knnCase, queries, bank testkit.Array, labels []int32) {
	t.Helper()
	var want []float64
	for _, scores := range c.Scores {
		want = append(want, shares(scores)...)
	}
	for name, find := range searches {
		got := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
			similarities := op.MatMulT(op.Normalize(in[0]), op.Normalize(in[1]))
			return votes([]KNN{knn}, find, similarities, in[2], c.Classes)
		}, queries.Tensor(dtypes.Float32), bank.Tensor(dtypes.Float32), tensors.FromFlatDataAndDimensions(labels, len(labels)))[0]
		for q := 0; q < len(got); q += c.Classes {
			copy(got[q:], shares(got[q:q+c.Classes]))
		}
		testkit.Near(t, name+" search", got, want, 1e-5)
	}
}

func shares(scores []float64) []float64 {
	sum := 0.0
	for _, s := range scores {
		sum += s
	}
	parts := make([]float64, len(scores))
	for i, s := range scores {
		parts[i] = s / sum
	}
	return parts
}

func rows(values ...[]float64) testkit.Array {
	return testkit.Array{Shape: []int{len(values), len(values[0])}, Data: slices.Concat(values...)}
}

// inputs makes a case's features; the classifier normalises their rows.
func (c knnCase) inputs(t *testing.T) (bank, queries testkit.Array, labels []int32) {
	t.Helper()
	labels = make([]int32, c.BankRows)
	if strings.Contains(string(c.Bank), "centre") {
		for r := range labels {
			labels[r] = int32((3*r + r/7) % 10)
		}
		truth := make([]int32, c.Queries)
		for r := range truth {
			truth[r] = int32(3 * r % 10)
		}
		return clusters(401, labels), clusters(402, truth), labels
	}
	for r := range labels {
		labels[r] = int32(r % 5)
	}
	array := func(s, rows int) testkit.Array {
		return testkit.Array{Shape: []int{rows, 16}, Data: testkit.G(s, rows, 16)}
	}
	return array(9, c.BankRows), array(10, c.Queries), labels
}

// clusters are points around the centres of their labels.
func clusters(noise int, labels []int32) testkit.Array {
	const dim = 32
	points := testkit.Array{Shape: []int{len(labels), dim}}
	symmetric := func(n, k int) float64 { return 2*testkit.U(n, k) - 1 }
	for r, label := range labels {
		for d := range dim {
			points.Data = append(points.Data, 0.6*symmetric(400, int(label)*dim+d)+symmetric(noise, r*dim+d))
		}
	}
	return points
}
