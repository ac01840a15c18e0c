package eval

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// Both searches must give the scores of plain loops, ties included: the
// similarities take few values, so that many neighbours are equally near.
func TestSearchesAgreeWithLoops(t *testing.T) {
	const queries, bank, classes = 7, 300, 5
	random := rand.New(rand.NewPCG(1, 2))
	similarities, labels := make([]float64, queries*bank), make([]int32, bank)
	for i := range similarities {
		similarities[i] = float64(random.IntN(21)-10) / 16
	}
	for i := range labels {
		labels[i] = int32(random.IntN(classes))
	}
	for _, k := range []int{1, 50, 300} {
		knn := KNN{K: k, Temperature: 0.25}
		want := loops(similarities, labels, knn, queries, classes)
		for name, search := range map[string]func(s, l *graph.Node, k KNN, classes int) *graph.Node{
			"sorted": sortedSearch, "bisecting": bisectingSearch,
		} {
			got := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
				return []*graph.Node{search(in[0], in[1], knn, classes)}
			}, testkit.Tensor(dtypes.Float32, similarities, queries, bank), tensors.FromFlatDataAndDimensions(labels, bank))
			testkit.Near(t, name, got[0], want, 1e-5)
		}
	}
}

// loops picks the nearest neighbours one by one, the first of equals first.
func loops(similarities []float64, labels []int32, knn KNN, queries, classes int) []float64 {
	scores := make([]float64, queries*classes)
	bank := len(labels)
	for q := range queries {
		row := similarities[q*bank : (q+1)*bank]
		used := make([]bool, bank)
		highest := 0.0
		for n := range knn.K {
			best := -1
			for i, s := range row {
				if !used[i] && (best < 0 || s > row[best]) {
					best = i
				}
			}
			if n == 0 {
				highest = row[best]
			}
			used[best] = true
			scores[q*classes+int(labels[best])] += math.Exp((row[best] - highest) / knn.Temperature)
		}
	}
	return scores
}
