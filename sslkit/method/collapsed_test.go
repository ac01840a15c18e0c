package method_test

import (
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/op"
)

// TestCollapsed compares what the contrastive methods say of a network that has
// collapsed with their loss where all projections are the same.
func TestCollapsed(t *testing.T) {
	const batch = 6
	d := testkit.Open(t, device.Go)
	z := make([][]float64, batch)
	for i := range z {
		z[i] = []float64{3, -4, 12}
	}
	for name, c := range map[string]struct {
		method method.Collapser
		loss   func(z *graph.Node) *graph.Node
	}{
		"SimCLR": {method.SimCLR{Temperature: 0.5}, func(z *graph.Node) *graph.Node { return loss.NTXent(z, z, 0.5) }},
		"DINO": {method.DINO{Prototypes: 3}, func(z *graph.Node) *graph.Node {
			flat, center := graph.Reshape(graph.ReduceAndKeep(z, graph.ReduceSum, -1), batch, 1), graph.Zeros(z.Graph(), shapes.Make(z.DType(), 3))
			flat = graph.BroadcastToDims(flat, batch, 3)
			return loss.DINO([]*graph.Node{flat, flat}, []*graph.Node{flat, flat}, center, graph.Scalar(z.Graph(), z.DType(), 0.04), 0.1)
		}},
		"SwaV": {method.SwaV{Prototypes: 3}, func(z *graph.Node) *graph.Node { // projections at right angles to the prototypes
			flat := graph.ZerosLike(z)
			q := loss.Sinkhorn(graph.MulScalar(z, 0.01), nil, 0.05, 3)
			return loss.SwAV([]*graph.Node{flat, flat}, []*graph.Node{q, q}, 0.1)
		}},
		"DCL":          {method.DCL{Temperature: 0.1}, func(z *graph.Node) *graph.Node { return loss.DCL(z, z, 0.1, false) }},
		"DCL separate": {method.DCL{Temperature: 0.1, Separate: true}, func(z *graph.Node) *graph.Node { return loss.DCL(z, z, 0.1, true) }},
		"FroSSL":       {method.FroSSL{}, func(z *graph.Node) *graph.Node { return loss.FroSSL([]*graph.Node{z, z}) }},
		"MoCoV3":       {method.MoCoV3{Temperature: 0.2}, func(z *graph.Node) *graph.Node { return graph.MulScalar(loss.InfoNCE(z, z, 0.2), 4*0.2) }},
		"UnMix":        {method.UnMix{Base: method.SimCLR{Temperature: 0.5}}, func(z *graph.Node) *graph.Node { return graph.MulScalar(loss.NTXent(z, z, 0.5), 2) }},
		"All4One": {method.All4One{Neighbour: 0.3, Centroid: 0.6, Feature: 5}, func(z *graph.Node) *graph.Node {
			all := graph.MulScalar(loss.InfoNCE(z, z, 0.2), 0.3+0.6)
			z = graph.Abs(z) // of two columns, one way round
			return graph.Add(all, graph.MulScalar(loss.Alignment(z, z, z, z), 5))
		}},
		"DCLW":          {method.DCLW{Temperature: 0.1, Sigma: 0.5}, func(z *graph.Node) *graph.Node { return loss.DCLW(z, z, 0.1, 0.5, false) }},
		"DCLW separate": {method.DCLW{Temperature: 0.1, Sigma: 0.5, Separate: true}, func(z *graph.Node) *graph.Node { return loss.DCLW(z, z, 0.1, 0.5, true) }},
		"TiCo": {method.TiCo{Rho: 8}, func(z *graph.Node) *graph.Node {
			unit := op.Normalize(z)
			value, _ := loss.TiCo(z, z, op.MatMul(graph.Transpose(unit, 0, 1), graph.DivScalar(unit, batch)), 0.9, 8, false)
			return value
		}},
		"VICReg": {method.VICReg{Variance: 20}, func(z *graph.Node) *graph.Node { return loss.VICReg(z, z, 25, 20, 1) }},
		"VICRegL": {method.VICRegL{Variance: 20, Global: 0.7}, func(z *graph.Node) *graph.Node {
			cells := graph.Stack([]*graph.Node{z, z, z}, 1)
			local := loss.VICRegLocal(cells, cells, cells, cells, [2]int{3, 2}, 25, 20, 1)
			return graph.Add(graph.MulScalar(loss.VICReg(z, z, 25, 20, 1), 0.7), graph.MulScalar(local, 0.3))
		}},
	} {
		got := graph.MustExecOnce(d.Backend, c.loss, z).Value().(float64)
		testkit.Within(t, name, []float64{c.method.Collapsed(batch).Loss}, []float64{got}, 1e-9)
	}
}

// TestDCLWValidates names each of its own fields.
func TestDCLWValidates(t *testing.T) {
	projector := head.MLP{Layers: 2, Hidden: 8, Out: 4, OutNorm: head.NoNorm}
	for want, m := range map[string]method.DCLW{
		"method: DCLW: temperature 0, want a positive one": {Projector: projector, Sigma: 0.5},
		"method: DCLW: sigma -1, want a positive one":      {Projector: projector, Temperature: 0.1, Sigma: -1},
	} {
		if err := m.Validate(nil); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
