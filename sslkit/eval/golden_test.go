package eval_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

type knnCase struct {
	Name        string          `json:"name"`
	K           int             `json:"k"`
	Temperature float64         `json:"temperature"`
	Classes     int             `json:"classes"`
	BankRows    int             `json:"bank_rows"`
	Queries     int             `json:"queries"`
	Bank        json.RawMessage `json:"bank"` // an input, "as small", or a formula over clusters
	Prediction  []int32         `json:"prediction"`
}

func TestGoldenPredictions(t *testing.T) {
	for file, golden := range testkit.Golden[struct {
		Cases []knnCase `json:"cases"`
	}](t, "knn") {
		for _, c := range golden.Cases {
			t.Run(file+"/"+c.Name, func(t *testing.T) {
				bank, queries, labels := c.inputs(t)
				got, err := predict(t, eval.KNN{K: c.K, Temperature: c.Temperature}, c.Classes, queries, bank, labels)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(c.Prediction, got); diff != "" {
					t.Errorf("prediction (-want +got):\n%s", diff)
				}
			})
		}
	}
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
