package loss_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/op"
)

var _ = golden("vicregl", nil, vicRegLCase)

func vicRegLCase(c goldenLoss, in nodes) nodes {
	in = cells(in)
	p, batch := c.Params, in["global0"].Shape().Dim(0)
	var places [2]*graph.Node
	for v := range places {
		grid := p.Grids.View(v, batch) // [batch, cells, 2]
		places[v] = graph.ConvertDType(graph.Const(in["local0"].Graph(), grid.Tensor(dtypes.Float64)), op.Widen(in["local0"]).DType())
	}
	global := loss.VICReg(in["global0"], in["global1"], p.Invariance, p.Variance, p.Covariance/2) // mean over the views
	local := loss.VICRegLocal(in["local0"], in["local1"], places[0], places[1], p.Matches, p.Invariance, p.Variance, p.LocalCovariance)
	total := graph.Add(graph.MulScalar(global, p.Alpha), graph.MulScalar(local, 1-p.Alpha))
	return nodes{"loss": total, "global_loss": global, "local_loss": local}
}

// stack is three axes of numbers of a generator.
func stack(s int, dims ...int) testkit.Array {
	return testkit.Array{Shape: dims, Data: testkit.G(s, dims[0]*dims[1], dims[2])}
}

// slowVICRegLocal matches cells as the paper's section 3.2 says, one image after
// the other, and gives each place in the order of pairs to slowVICReg.
func slowVICRegLocal(matches [2]int) func(in []testkit.Array) float64 {
	return func(in []testkit.Array) float64 {
		batch, cells, dim := in[0].Shape[0], in[0].Shape[1], in[0].Shape[2]
		of := func(a testkit.Array, image, cell int) []float64 {
			size := a.Shape[2]
			return a.Data[(image*cells+cell)*size:][:size]
		}
		sum := 0.0
		for _, by := range [][2]int{{0, 1}, {2, 3}, {1, 0}, {3, 2}} { // what is near, and in which direction
			from := in[by[0]%2]
			to := in[by[1]%2]
			for _, count := range matches {
				places := make([][2]testkit.Array, min(count, cells))
				for p := range places {
					places[p] = [2]testkit.Array{{Shape: []int{batch, dim}}, {Shape: []int{batch, dim}}}
				}
				for image := range batch {
					type pair struct {
						apart     float64
						own, near int
					}
					var found []pair
					for own := range cells {
						best := pair{apart: math.Inf(1)}
						for other := range cells {
							apart := 0.0
							for k, x := range of(in[by[0]], image, own) {
								apart += math.Pow(x-of(in[by[1]], image, other)[k], 2)
							}
							if apart < best.apart {
								best = pair{apart, own, other}
							}
						}
						found = append(found, best)
					}
					slices.SortStableFunc(found, func(a, b pair) int { return int(math.Copysign(1, a.apart-b.apart)) })
					for p := range places {
						places[p][0].Data = append(places[p][0].Data, of(from, image, found[p].own)...)
						places[p][1].Data = append(places[p][1].Data, of(to, image, found[p].near)...)
					}
				}
				for _, z := range places {
					sum += slowVICReg(z[:]) / float64(len(places)) / 4
				}
			}
		}
		return sum
	}
}

func TestVICRegLocalEqualsThePaper(t *testing.T) {
	for _, matches := range [][2]int{{5, 5}, {4, 2}, {20, 1}} {
		equalsOracle(t, 2, func(in []*graph.Node) *graph.Node {
			return loss.VICRegLocal(in[0], in[1], in[2], in[3], matches, 25, 20, 2)
		}, slowVICRegLocal(matches), stack(130, 3, 5, 4), stack(131, 3, 5, 4), stack(132, 3, 5, 2), stack(137, 3, 5, 2))
	}
}

func TestVICRegLocalPanics(t *testing.T) {
	local := func(cells0, cells1, places int) func(g *graph.Graph) {
		return func(g *graph.Graph) {
			at := zeros(g, 2, places, 2)
			loss.VICRegLocal(zeros(g, 2, cells0, 3), zeros(g, 2, cells1, 3), at, at, [2]int{4, 2}, 1, 1, 1)
		}
	}
	panics(t, map[string]func(g *graph.Graph){
		"VICRegLocal: z0 has shape":  local(4, 9, 4),
		"want a place for each cell": local(4, 4, 9),
	})
}
