package loss_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
)

// slowSinkhorn is the algorithm of the paper's appendix: divide by the sums over
// images and the number of prototypes, then by those over prototypes and the
// number of images; at last, rows sum to 1.
func slowSinkhorn(scores testkit.Array, epsilon float64, iterations int) testkit.Array {
	q := filled(0, scores.Shape...)
	images, prototypes := scores.Shape[0], scores.Shape[1]
	for i, x := range scores.Data {
		q.Data[i] = math.Exp(x / epsilon)
	}
	for range iterations {
		for k := range prototypes {
			sum := 0.0
			for i := range images {
				sum += row(q, i)[k]
			}
			for i := range images {
				row(q, i)[k] /= sum * float64(prototypes)
			}
		}
		for i := range images {
			sum := 0.0
			for _, x := range row(q, i) {
				sum += x
			}
			for k := range prototypes {
				row(q, i)[k] /= sum * float64(images)
			}
		}
	}
	for i := range q.Data {
		q.Data[i] *= float64(images)
	}
	return q
}

func sinkhorn(t *testing.T, scores testkit.Array, queued int, epsilon float64, iterations int) []float64 {
	t.Helper()
	return testkit.Run(t, testkit.Open(t, device.Go), func(in []*graph.Node) []*graph.Node {
		batch := scores.Shape[0] - queued
		queue := graph.Slice(in[0], graph.AxisRange(batch))
		if queued == 0 {
			queue = nil
		}
		return []*graph.Node{loss.Sinkhorn(graph.Slice(in[0], graph.AxisRange(0, batch)), queue, epsilon, iterations)}
	}, scores.Tensor(dtypes.Float64))[0]
}

func TestSinkhornEqualsThePaper(t *testing.T) {
	scores := unitRows(150, 9, 4)
	for _, iterations := range []int{1, 3} {
		want := slowSinkhorn(scores, 0.05, iterations)
		testkit.Within(t, "without queue", sinkhorn(t, scores, 0, 0.05, iterations), want.Data, 1e-13)
		testkit.Within(t, "with queue", sinkhorn(t, scores, 5, 0.05, iterations), want.Data[:4*4], 1e-13)
	}
}

// TestSinkhornBalances checks that every image is assigned once and, after many
// iterations, every prototype as often as the others; for scores that would
// overflow a plain exp, too.
func TestSinkhornBalances(t *testing.T) {
	scores := matrix(151, 8, 4)
	for i := range scores.Data {
		scores.Data[i] *= 30
	}
	q := testkit.Array{Shape: scores.Shape, Data: sinkhorn(t, scores, 0, 0.02, 3)}
	for i := range 8 {
		testkit.Within(t, "sum of a row", []float64{dot(row(q, i), filled(1, 4).Data)}, []float64{1}, 1e-12)
	}
	q.Data = sinkhorn(t, unitRows(152, 8, 4), 0, 0.5, 100)
	for k := range 4 {
		sum := 0.0
		for i := range 8 {
			sum += row(q, i)[k]
		}
		testkit.Within(t, "sum of a column", []float64{sum}, []float64{2}, 1e-9)
	}
	equal := sinkhorn(t, filled(7, 3, 5), 0, 0.05, 3)
	testkit.Within(t, "equal scores", equal, slices.Repeat([]float64{0.2}, 15), 1e-13)
}

func TestSinkhornPanics(t *testing.T) {
	panics(t, map[string]func(g *graph.Graph){
		"Sinkhorn: scores has shape": func(g *graph.Graph) { loss.Sinkhorn(zeros(g, 3), nil, 0.05, 3) },
		"Sinkhorn: queue has shape":  func(g *graph.Graph) { loss.Sinkhorn(zeros(g, 2, 3), zeros(g, 5, 4), 0.05, 3) },
		"Sinkhorn: epsilon 0":        func(g *graph.Graph) { loss.Sinkhorn(zeros(g, 2, 3), nil, 0, 3) },
		"Sinkhorn: 0 iterations":     func(g *graph.Graph) { loss.Sinkhorn(zeros(g, 2, 3), nil, 0.05, 0) },
	})
}
