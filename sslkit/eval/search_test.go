package eval

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

var searches = map[string]search{"sorted": sorted, "pruned": pruned}

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
	for _, k := range []int{1, 20, 50, 300} {
		knn := KNN{K: k, Temperature: 0.25}
		want := loops(similarities, labels, knn, queries, classes)
		for name, find := range searches {
			got := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
				return votes([]KNN{knn}, find, in[0], in[1], classes)
			}, testkit.Tensor(dtypes.Float32, similarities, queries, bank), tensors.FromFlatDataAndDimensions(labels, bank))
			testkit.Near(t, name, got[0], want, 1e-5)
		}
	}
}

// Both searches must find the same places in the same order, whatever the bank's size
// makes of the blocks, and however many similarities are equal.
func TestSearchesFindTheSamePlaces(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const queries = 5
	for _, c := range []struct{ bank, k, values int }{
		{300, 1, 3}, {300, 7, 1}, {301, 7, 2}, {1000, 10, 1000}, {1009, 10, 30}, {500, 200, 8}, {37, 37, 4}, {2, 1, 1}, {5000, 200, 40},
	} {
		similarities := make([]float64, queries*c.bank)
		for i := range similarities {
			similarities[i] = float64(random.IntN(c.values))/float64(c.values) - 0.5
		}
		got := map[string][][]float64{}
		for name, find := range searches {
			got[name] = testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
				highest, places := find(in[0], c.k)
				return []*graph.Node{highest, places}
			}, testkit.Tensor(dtypes.Float32, similarities, queries, c.bank))
		}
		if diff := cmp.Diff(got["sorted"], got["pruned"]); diff != "" {
			t.Errorf("bank of %d, k %d, %d values: sorted (-) and pruned (+) differ:\n%s", c.bank, c.k, c.values, diff)
		}
		if len(got["sorted"][1]) != queries*c.k {
			t.Errorf("bank of %d, k %d: %d places, want %d", c.bank, c.k, len(got["sorted"][1]), queries*c.k)
		}
	}
}

// On a GPU, a whole test set is classified in few programs and passes.
func TestPlannedVote(t *testing.T) {
	d := testkit.Target(t, "h100")
	p, err := KNN{K: 200, Temperature: 0.1}.Plan(d, 10_000, 50_000, 512, 10)
	if err != nil {
		t.Fatal(err)
	}
	if batch := queryBatch(d.Kind, 10_000, 50_000); batch != 2000 {
		t.Errorf("%d queries at a time, want 2000", batch)
	}
	if p.Memory.Peak > 600e6 || p.Bytes > 1.3e9 || p.Kernels > 15 || p.Graphs != 1 || p.Launches != 0 {
		t.Errorf("%d bytes at most, %d moved, %d kernels, %d of them outside %d graphs; want 600 MB, 1.3 GB, 15, 0 and 1",
			p.Memory.Peak, p.Bytes, p.Kernels, p.Launches, p.Graphs)
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
