package method_test

import (
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/method"
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
		"SimCLR":        {method.SimCLR{Temperature: 0.5}, func(z *graph.Node) *graph.Node { return loss.NTXent(z, z, 0.5) }},
		"DCL":           {method.DCL{Temperature: 0.1}, func(z *graph.Node) *graph.Node { return loss.DCL(z, z, 0.1, false) }},
		"DCL separate":  {method.DCL{Temperature: 0.1, Separate: true}, func(z *graph.Node) *graph.Node { return loss.DCL(z, z, 0.1, true) }},
		"FroSSL":        {method.FroSSL{}, func(z *graph.Node) *graph.Node { return loss.FroSSL([]*graph.Node{z, z}) }},
		"MoCoV3":        {method.MoCoV3{Temperature: 0.2}, func(z *graph.Node) *graph.Node { return graph.MulScalar(loss.InfoNCE(z, z, 0.2), 4*0.2) }},
		"DCLW":          {method.DCLW{Temperature: 0.1, Sigma: 0.5}, func(z *graph.Node) *graph.Node { return loss.DCLW(z, z, 0.1, 0.5, false) }},
		"DCLW separate": {method.DCLW{Temperature: 0.1, Sigma: 0.5, Separate: true}, func(z *graph.Node) *graph.Node { return loss.DCLW(z, z, 0.1, 0.5, true) }},
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
