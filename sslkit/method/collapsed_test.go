package method_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
)

// TestCollapsed compares what methods say of a network that has collapsed with their
// loss where it has: the backbone's parameters are 0, so that all images have the same
// features, and those of the heads 1, so that all that heads tell has one direction.
// Queues have filled with it.
func TestCollapsed(t *testing.T) {
	forEachMethod(t, func(t *testing.T, m method.Method) {
		for _, recipe := range []string{"cifar_head", "cifar_2023"} {
			_, network, c := smallFor(t, m)
			c.Recipe, c.LR = recipe, rates{0}
			m := goldenMethods[method.Name(m)](c)
			collapser, ok := m.(method.Collapser)
			if _, divides := m.(method.BarlowTwins); !ok || divides && recipe == "cifar_2023" { // by deviations of 0
				return
			}
			r := startRun(t, testkit.Open(t, device.Go), nn.Mode{Precision: device.F64}, m, network, c)
			for i, list := range [][]nn.Variable{r.vars.Params(), r.vars.Buffers()} {
				flat := testkit.Values(t, r.state[i])
				for _, v := range list {
					switch network, _, _ := strings.Cut(v.Path, "/"); {
					case strings.Contains(v.Path, "/backbone/") && !isStatistic(v):
						clear(flat[v.Offset : v.Offset+v.Size()])
					case network == "online" || network == "target":
						copy(flat[v.Offset:v.Offset+v.Size()], slices.Repeat([]float64{1}, v.Size()))
					}
				}
				r.state[i] = testkit.Tensor(r.mode.Precision.ParamDType(), flat, len(flat))
			}
			var loss float64
			for range 1 + c.Sizes.Bank/c.Batch {
				loss, _ = r.step(t)
			}
			testkit.Within(t, recipe, []float64{collapser.Collapsed(c.Batch).Loss}, []float64{loss}, 1e-9)
		}
	})
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
