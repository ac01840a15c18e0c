package loss_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
)

// slowInfoNCE is the paper's equation in loops.
func slowInfoNCE(temperature float64) oracle {
	return func(in []testkit.Array) float64 {
		q, k, sum := in[0], in[1], 0.0
		cosine := func(i, j int) float64 {
			dot := 0.0
			for d, x := range row(q, i) {
				dot += x * row(k, j)[d]
			}
			return dot / testkit.Norm(row(q, i)) / testkit.Norm(row(k, j))
		}
		for i := range q.Shape[0] {
			all := 0.0
			for j := range k.Shape[0] {
				all += math.Exp(cosine(i, j) / temperature)
			}
			sum -= math.Log(math.Exp(cosine(i, i)/temperature)/all) / float64(q.Shape[0])
		}
		return sum
	}
}

func TestInfoNCEEqualsLoops(t *testing.T) {
	for _, dims := range [][2]int{{2, 3}, {5, 4}, {4, 9}} {
		t.Run(fmt.Sprint(dims), func(t *testing.T) {
			equalsOracle(t, 2, func(in []*graph.Node) *graph.Node { return loss.InfoNCE(in[0], in[1], 0.3) }, slowInfoNCE(0.3),
				matrix(210, dims[0], dims[1]), matrix(211, dims[0], dims[1]))
		})
	}
}
