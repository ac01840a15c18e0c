package loss_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
)

var _ = golden("dino_", []string{"center"}, func(c goldenLoss, in nodes) nodes {
	p, teacher := c.Params, in.views("t")
	center := graph.Reshape(in["center"], -1) // some cases have it as a row
	return nodes{
		"loss":         loss.DINO(teacher, in.views("s"), center, constant(center, p.TeacherTemp), p.StudentTemp),
		"center_after": loss.DINOCenter(center, teacher, p.CenterMomentum),
	}
})

// TestDINOEqualsThePaper compares equation 3 of the paper, and sees that no
// gradient reaches the teacher.
func TestDINOEqualsThePaper(t *testing.T) {
	const dim = 5
	student := []testkit.Array{matrix(160, 3, dim), matrix(161, 3, dim), matrix(162, 3, dim)}
	teacher, center := []testkit.Array{matrix(163, 3, dim), matrix(164, 3, dim)}, filled(0.2, dim)
	for k := range center.Data {
		center.Data[k] *= float64(k)
	}
	for _, views := range []int{2, 3} {
		t.Run(fmt.Sprint(views, " views"), func(t *testing.T) {
			inputs := append(student[:views:views], append(teacher, center)...)
			equalsOracle(t, views, func(in []*graph.Node) *graph.Node {
				return loss.DINO(in[views:views+2], in[:views], in[views+2], constant(in[0], 0.3), 0.4)
			}, func(in []testkit.Array) float64 {
				logits := in[:views:views]
				for _, output := range in[views : views+2] {
					centred := filled(0, output.Shape...)
					for i := range centred.Data {
						centred.Data[i] = output.Data[i] - center.Data[i%dim]
					}
					logits = append(logits, softmaxRows(centred, 0.3))
				}
				return slowCrossEntropies(views, 0.4)(logits)
			}, inputs...)
		})
	}
	_, gradients := withGradients(t, 2, func(in []*graph.Node) *graph.Node {
		return loss.DINO(in[:2], in[2:4], in[4], constant(in[0], 0.3), 0.4)
	}, append(teacher, append(student[:2:2], center)...)...)
	testkit.Within(t, "gradient of the teacher", gradients[0], make([]float64, 3*dim), 0)
}

// constant is a number in the graph of x, in float64 as those of schedules are.
func constant(x *graph.Node, v float64) *graph.Node {
	return graph.Scalar(x.Graph(), dtypes.Float64, v)
}

func TestDINOLimits(t *testing.T) {
	flat := filled(2, 4, 64)
	value := scalar(t, func(in []*graph.Node) *graph.Node {
		return loss.DINO(in[:2], in[:2], in[2], constant(in[0], 0.04), 0.1)
	}, flat, flat, filled(0, 64))
	testkit.NearScalar(t, "uniform", value, math.Log(64), 1e-12)
}

func TestDINOCenter(t *testing.T) {
	t0, t1 := filled(1, 2, 3), filled(4, 2, 3)
	out := testkit.Run(t, testkit.Open(t, device.Go), func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{loss.DINOCenter(in[0], in[1:], 0.8)}
	}, filled(10, 3).Tensor(dtypes.Float64), t0.Tensor(dtypes.Float64), t1.Tensor(dtypes.Float64))
	testkit.Within(t, "centre", out[0], []float64{8.5, 8.5, 8.5}, 1e-12)
}

func TestDINOPanics(t *testing.T) {
	list := func(g *graph.Graph, n, dim int) (x []*graph.Node) {
		for range n {
			x = append(x, zeros(g, 2, dim))
		}
		return x
	}
	panics(t, map[string]func(g *graph.Graph){
		"DINO: 1 student and 1":         func(g *graph.Graph) { loss.DINO(list(g, 1, 3), list(g, 1, 3), zeros(g, 3), zeros(g), 0.1) },
		"DINO: 2 student and 3":         func(g *graph.Graph) { loss.DINO(list(g, 3, 3), list(g, 2, 3), zeros(g, 3), zeros(g), 0.1) },
		"DINO: student view 0":          func(g *graph.Graph) { loss.DINO(list(g, 2, 4), list(g, 2, 3), zeros(g, 3), zeros(g), 0.1) },
		"DINO: center has shape":        func(g *graph.Graph) { loss.DINO(list(g, 2, 3), list(g, 2, 3), zeros(g, 4), zeros(g), 0.1) },
		"DINO: teacher temperature has": func(g *graph.Graph) { loss.DINO(list(g, 2, 3), list(g, 2, 3), zeros(g, 3), zeros(g, 2), 0.1) },
		"DINO: student temperature 0":   func(g *graph.Graph) { loss.DINO(list(g, 2, 3), list(g, 2, 3), zeros(g, 3), zeros(g), 0) },
		"DINOCenter: no views":          func(g *graph.Graph) { loss.DINOCenter(zeros(g, 3), nil, 0.9) },
		"DINOCenter: center has shape":  func(g *graph.Graph) { loss.DINOCenter(zeros(g, 3), list(g, 1, 4), 0.9) },
		"DINOCenter: view 0 has shape":  func(g *graph.Graph) { loss.DINOCenter(zeros(g, 3), append(list(g, 1, 3), zeros(g, 4, 3)), 0.9) },
	})
}
