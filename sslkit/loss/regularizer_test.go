package loss_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
)

var _ = golden("tico_", []string{"C"}, func(c goldenLoss, in nodes) nodes {
	old := strings.HasPrefix(c.Name, "tico_2023")
	value, after := loss.TiCo(in["z0"], in["z1"], in["C"], c.Params.Beta, c.Params.Rho, old)
	if old {
		return nodes{"loss": value} // the case says nothing of the covariance
	}
	return nodes{"loss": value, "C_after": after}
})
var _ = golden("frossl", nil, func(_ goldenLoss, in nodes) nodes { return value(loss.FroSSL(in.views("z"))) })
var _ = golden("koleo", nil, func(_ goldenLoss, in nodes) nodes { return value(loss.KoLeo(in["z0"])) })
var _ = golden("nnclr", []string{"bank"}, nnclrCase)

func nnclrCase(c goldenLoss, in nodes) nodes {
	bank := in["bank"]
	nn0, nn1 := loss.NearestNeighbour(in["z0"], bank), loss.NearestNeighbour(in["z1"], bank)
	value := mean(loss.NTXent(nn0, in["p1"], c.Params.Temperature), loss.NTXent(nn1, in["p0"], c.Params.Temperature))
	after, at := loss.Enqueue(bank, position(c, in), in["z1"])
	return nodes{"loss": value, "nn_index_z0": indexOf(nn0, bank), "nn_index_z1": indexOf(nn1, bank), "bank_after": after, "ptr_after": at}
}

// indexOf returns which row of the bank each row is.
func indexOf(rows, bank *graph.Node) *graph.Node {
	difference := graph.Sub(graph.ExpandAxes(rows, 1), graph.ExpandAxes(bank, 0)) // [n, size, dim]
	equal := graph.ReduceSum(graph.Abs(difference), -1)                           // [n, size]
	return graph.ArgMin(equal, -1, dtypes.Int32)
}

// TestTiCoEqualsThePaper compares 1 − z0·z1 + ρ·z0ᵀ·C·z0 with loops, for a
// covariance of earlier batches.
func TestTiCoEqualsThePaper(t *testing.T) {
	const batch, dim, beta, rho = 4, 3, 0.7, 5
	z0, z1, before := matrix(170, batch, dim), matrix(171, batch, dim), matrix(172, dim, dim)
	after := filled(0, dim, dim)
	for i := range after.Data {
		after.Data[i] = beta * before.Data[i]
		for r := range batch {
			norm := testkit.Norm(row(z0, r))
			after.Data[i] += (1 - beta) * row(z0, r)[i/dim] * row(z0, r)[i%dim] / (norm * norm * batch)
		}
	}
	equalsOracle(t, 2, func(in []*graph.Node) *graph.Node {
		value, _ := loss.TiCo(in[0], in[1], in[2], beta, rho, false)
		return value
	}, func(in []testkit.Array) float64 {
		sum := 0.0
		for r := range batch {
			z := row(in[0], r)
			sum += 1 - cosine(z, row(in[1], r))
			for i := range after.Data {
				sum += rho * z[i/dim] * after.Data[i] * z[i%dim] / dot(z, z)
			}
		}
		return sum / batch
	}, z0, z1, before)
	out := testkit.Run(t, testkit.Open(t, device.Go), func(in []*graph.Node) []*graph.Node {
		_, c := loss.TiCo(in[0], in[1], in[2], beta, rho, false)
		return []*graph.Node{c}
	}, z0.Tensor(dtypes.Float64), z1.Tensor(dtypes.Float64), before.Tensor(dtypes.Float64))
	testkit.Near(t, "covariance", out[0], after.Data, 1e-13)
}

// slowFroSSL has the Gram matrix of the columns whatever the batch.
func slowFroSSL(views []testkit.Array) float64 {
	batch, dim := views[0].Shape[0], views[0].Shape[1]
	unit := make([]testkit.Array, len(views))
	mean := filled(0, dim, batch)
	for v, view := range views {
		unit[v] = filled(0, dim, batch) // row j is column j of the view
		for j := range dim {
			for i := range batch {
				row(unit[v], j)[i] = row(view, i)[j]
			}
			norm := testkit.Norm(row(unit[v], j))
			for i := range batch {
				row(unit[v], j)[i] /= norm
				row(mean, j)[i] += row(unit[v], j)[i] / float64(len(views))
			}
		}
	}
	sum := 0.0
	for _, u := range unit {
		squares, trace := 0.0, 0.0
		for a := range dim {
			trace += dot(row(u, a), row(u, a))
			for b := range dim {
				squares += math.Pow(dot(row(u, a), row(u, b)), 2)
			}
		}
		sum += 2 * math.Log(math.Sqrt(squares)/trace)
		for i := range u.Data {
			sum += float64(len(views)*dim) * math.Pow(u.Data[i]-mean.Data[i], 2) / float64(batch*dim)
		}
	}
	return sum
}

func TestFroSSLEqualsLoops(t *testing.T) {
	for _, dims := range [][3]int{{2, 3, 5}, {3, 6, 2}, {2, 4, 4}} {
		var views []testkit.Array
		for v := range dims[0] {
			views = append(views, matrix(180+v, dims[1], dims[2]))
		}
		t.Run(fmt.Sprint(dims), func(t *testing.T) { equalsOracle(t, dims[0], loss.FroSSL, slowFroSSL, views...) })
	}
}

func slowKoLeo(in []testkit.Array) float64 {
	sum, batch := 0.0, in[0].Shape[0]
	for i := range batch {
		highest := -1.0
		for j := range batch {
			if j != i {
				highest = math.Max(highest, cosine(row(in[0], i), row(in[0], j)))
			}
		}
		sum -= math.Log(math.Sqrt(2 - 2*highest))
	}
	return sum / float64(batch)
}

func koLeo(in []*graph.Node) *graph.Node { return loss.KoLeo(in[0]) }

func TestKoLeo(t *testing.T) {
	z := matrix(190, 6, 4)
	value, gradients := withGradients(t, 1, koLeo, z)
	testkit.NearScalar(t, "loss", value, slowKoLeo([]testkit.Array{z}), 1e-6) // it adds 1e-8 here and there
	if norm := testkit.Norm(gradients[0]); !(norm > 0.1) {
		t.Errorf("gradient of norm %g", norm)
	}
	square := testkit.Array{Shape: []int{4, 2}, Data: []float64{3, 0, 0, 1, -2, 0, 0, -1}}
	testkit.NearScalar(t, "corners of a square", scalar(t, koLeo, square), -math.Log(math.Sqrt2), 1e-6)

	value, gradients = withGradients(t, 1, koLeo, filled(1, 3, 4))
	testkit.NearScalar(t, "equal rows", value, -math.Log(3e-8), 1e-12)
	if norm := testkit.Norm(gradients[0]); math.IsNaN(norm) || math.IsInf(norm, 0) {
		t.Errorf("equal rows: gradient of norm %g", norm)
	}
}

// TestNearestNeighbour checks that directions are compared, that rows come back
// as the bank has them, and that the first of equals is taken.
func TestNearestNeighbour(t *testing.T) {
	bank := testkit.Array{Shape: []int{4, 2}, Data: []float64{50, 51, 0.1, 0, 7, 0, 0, -3}}
	z := testkit.Array{Shape: []int{3, 2}, Data: []float64{9, 1, 0.2, 0.3, 1, -40}}
	out := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		near := loss.NearestNeighbour(in[0], in[1])
		return append([]*graph.Node{near}, graph.Gradient(loss.NTXent(near, in[0], 1), in[1])...)
	}, z.Tensor(dtypes.Float32), bank.Tensor(dtypes.Float32))
	testkit.Within(t, "neighbours", out[0], []float64{float64(float32(0.1)), 0, 50, 51, 0, -3}, 0)
	testkit.Within(t, "gradient of the bank", out[1], make([]float64, 8), 0)
}

func TestRegularizersPanic(t *testing.T) {
	panics(t, map[string]func(g *graph.Graph){
		"TiCo: z0 has shape":               func(g *graph.Graph) { loss.TiCo(zeros(g, 2, 3), zeros(g, 3, 3), zeros(g, 3, 3), 0.9, 8, false) },
		"TiCo: covariance has shape":       func(g *graph.Graph) { loss.TiCo(zeros(g, 2, 3), zeros(g, 2, 3), zeros(g, 2, 3), 0.9, 8, false) },
		"FroSSL: 1 views":                  func(g *graph.Graph) { loss.FroSSL([]*graph.Node{zeros(g, 2, 3)}) },
		"FroSSL: view 0 has shape":         func(g *graph.Graph) { loss.FroSSL([]*graph.Node{zeros(g, 2, 3), zeros(g, 2, 4)}) },
		"KoLeo: z has shape":               func(g *graph.Graph) { loss.KoLeo(zeros(g, 1, 3)) },
		"NearestNeighbour: z has shape":    func(g *graph.Graph) { loss.NearestNeighbour(zeros(g, 2, 3), zeros(g, 5, 4)) },
		"NearestNeighbour: bank has shape": func(g *graph.Graph) { loss.NearestNeighbour(zeros(g, 2, 4), zeros(g, 4)) },
	})
}
