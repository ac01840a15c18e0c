package loss_test

import (
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
)

// A builder computes a case: the loss, and whatever else the case has numbers
// for, by the names of its keys. Arguments are the inputs and the state.
type builder struct {
	state []string // what the loss keeps from call to call
	build func(c goldenLoss, in nodes) nodes
}

// goldenLosses are the builders by the prefix of their cases' names, the longest of which
// counts. Each stands in the test of its loss.
var goldenLosses = map[string]builder{}

func golden(prefix string, state []string, build func(c goldenLoss, in nodes) nodes) bool {
	goldenLosses[prefix] = builder{state, build}
	return true
}

func lossOf(t *testing.T, c goldenLoss) builder {
	t.Helper()
	longest := ""
	for prefix := range goldenLosses {
		if strings.HasPrefix(c.Name, prefix) && len(prefix) > len(longest) {
			longest = prefix
		}
	}
	if longest == "" {
		t.Fatal("goldenLosses has no such loss")
	}
	return goldenLosses[longest]
}

// value is a builder's result where the loss is all there is.
func value(x *graph.Node) nodes { return nodes{"loss": x} }

func mean(x ...*graph.Node) *graph.Node { return graph.ReduceAllMean(graph.Stack(x, 0)) }

var _ = golden("mse", nil, func(_ goldenLoss, in nodes) nodes { return value(loss.SquaredError(in["pred"], in["target"])) })
var _ = golden("l1", nil, func(_ goldenLoss, in nodes) nodes { return value(loss.AbsoluteError(in["pred"], in["target"])) })

// TestHalfPrecision checks that every loss computes in float32 if its inputs are
// in bfloat16: what it keeps from call to call is in float32 anyway.
func TestHalfPrecision(t *testing.T) {
	cases := goldenCases(t)
	for _, c := range cases {
		t.Run(c.File+"/"+c.Name, func(t *testing.T) {
			l, d := lossOf(t, c), testkit.Open(t, device.Go)
			narrow, rounded := nodes{}, nodes{}
			out := testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
				g := in[0].Graph()
				for name, input := range c.Inputs {
					x := graph.Const(g, input.Array(t).Tensor(dtypes.Float32))
					narrow[name] = graph.ConvertDType(x, dtypes.BFloat16)
					rounded[name] = graph.ConvertDType(narrow[name], dtypes.Float32)
				}
				for _, state := range l.state {
					x := graph.Const(g, stateBefore(t, c, state, cases).Tensor(dtypes.Float32))
					narrow[state], rounded[state] = x, x
				}
				value := l.build(c, narrow)["loss"]
				if value.DType() != dtypes.Float32 {
					t.Errorf("loss of type %s, want float32", value.DType())
				}
				return []*graph.Node{graph.ConvertDType(value, dtypes.Float32), l.build(c, rounded)["loss"]}
			}, filled(0, 1).Tensor(dtypes.Float32))
			testkit.NearScalar(t, "loss", out[0][0], out[1][0], 1e-6)
		})
	}
}
