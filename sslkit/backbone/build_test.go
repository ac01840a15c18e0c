package backbone

import (
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

// Neighbours are computed as one layer, unless somebody else takes the first one's result.
func TestPairs(t *testing.T) {
	lists := map[string][]Layer{
		"chain": {{Name: "conv", Kind: Conv{}}, {Name: "bn", Kind: BatchNorm{}}, {Name: "relu", Kind: ReLU{}}},
		"taken": {{Name: "conv", Kind: Conv{}}, {Name: "bn", Kind: BatchNorm{}}, {Name: "relu", Kind: ReLU{}},
			{Name: "sum", Kind: Add{}, From: []string{"conv", "bn"}}},
		"apart": {{Name: "conv", Kind: Conv{}}, {Name: "bn", Kind: BatchNorm{}, From: []string{Input}}, {Name: "relu", Kind: ReLU{}, From: []string{"conv"}}},
		"twice": {{Name: "bn1", Kind: BatchNorm{}}, {Name: "bn2", Kind: BatchNorm{}}, {Name: "relu1", Kind: ReLU{}}, {Name: "relu2", Kind: ReLU{}}},
	}
	want := map[string][2]string{ // in training, in evaluation
		"chain": {"conv; bn+relu", "conv+bn; relu"},
		"taken": {"conv; bn; relu; sum", "conv; bn; relu; sum"},
		"apart": {"conv; bn; relu", "conv; bn; relu"},
		"twice": {"bn1; bn2+relu1; relu2", "bn1; bn2; relu1; relu2"},
	}
	for name, layers := range lists {
		var got [2]string
		for i, training := range []bool{true, false} {
			steps, err := steps(slices.Values(layers), training)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for l := range steps {
				if p, ok := l.Kind.(pair); ok {
					l.Name = p.first.Name + "+" + l.Name
				}
				names = append(names, l.Name)
			}
			got[i] = strings.Join(names, "; ")
		}
		if diff := cmp.Diff(want[name], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Pairs change no features: they are those of one layer after the other.
func TestPairsChangeNothing(t *testing.T) {
	x := testkit.Pictures(0, 8, 16)
	for precision, tolerance := range map[device.Precision]float64{device.F32: 1e-5, device.F64: 1e-12} {
		for _, net := range []ResNet{
			{Width: 4, Blocks: []int{1, 2}, Splits: 1},
			{Width: 4, Blocks: []int{1, 1}, LargeStem: true, StemReLU: true, NormalInit: true, FinalConv: true, Splits: 2},
		} {
			mode := nn.Mode{Precision: precision}
			pairwise := testkit.NewModel(t, testkit.Any(t), mode, func(scope *nn.Scope, in []*graph.Node) *graph.Node {
				return net.Forward(scope, in[0])
			}, x)
			single := testkit.NewModel(t, testkit.Any(t), mode, func(scope *nn.Scope, in []*graph.Node) *graph.Node {
				y, err := Follow(net.Layers(), in[0], func(l Layer, in []*graph.Node) *graph.Node {
					return l.Forward(scope.In(l.Path), in...)
				})
				if err != nil {
					panic(err)
				}
				return y
			}, x)
			same := cmpopts.IgnoreUnexported(nn.Variable{})
			if diff := cmp.Diff(single.Vars.Params(), pairwise.Vars.Params(), same); diff != "" {
				t.Fatalf("variables (-single +pairs):\n%s", diff)
			}
			single.Params = testkit.Weights(single.Vars.Params(), testkit.Norms(true))
			pairwise.Params = single.Params
			for step, training := range []bool{false, true, false} {
				got, want := pairwise.Pass(t, training, nil, x), single.Pass(t, training, nil, x)
				testkit.NearNorm(t, "features", got.Y, want.Y, tolerance)
				testkit.NearNorm(t, "buffers", got.Buffers, want.Buffers, tolerance)
				if training {
					single.Buffers, pairwise.Buffers = want.Buffers, want.Buffers
				} else if step == 0 && slices.Equal(got.Y, want.Y) && precision == device.F64 {
					t.Error("the factors of batch norm are not in the weights")
				}
			}
		}
	}
}
