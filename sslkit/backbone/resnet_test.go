package backbone

import (
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		net  ResNet
		want string // part of the error, "" for none
	}{
		{ResNet18(), ""},
		{Tiny(), ""},
		{ResNet{}, "width 0"},
		{ResNet{Width: -1, Blocks: []int{1}}, "width -1"},
		{ResNet{Width: 8}, "blocks are empty"},
		{ResNet{Width: 8, Blocks: []int{1, 0}}, "blocks[1] is 0"},
		{ResNet{Width: 8, Blocks: []int{1}}, "splits 0"},
	} {
		err := c.net.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want one about %q", c.net, err, c.want)
		}
	}
}

// TestShapes checks that networks of any shape return as many features as they say.
func TestShapes(t *testing.T) {
	d := testkit.Open(t, device.Go)
	for _, net := range []ResNet{ResNet18(), Tiny(), {Width: 3, Blocks: []int{1}, Splits: 1}, {Width: 5, Blocks: []int{2, 1}, StemReLU: true, Splits: 1}} {
		_, err := nn.Declare(d.Backend, nn.Mode{Precision: device.BF16}, func(scope *nn.Scope) {
			h := net.Forward(scope, graph.Zeros(scope.Graph(), shapes.Make(dtypes.Float32, 2, 9, 11, 3)))
			h.AssertDims(2, net.Features())
			if h.DType() != dtypes.Float32 {
				t.Errorf("%+v: features of type %s, want float32", net, h.DType())
			}
		})
		if err != nil {
			t.Errorf("%+v: %v", net, err)
		}
	}
	if got := ResNet18().Features(); got != 512 {
		t.Errorf("ResNet-18 has %d features, want 512", got)
	}
}

// TestMapAndPool compares them with Forward, whose variables they share.
func TestMapAndPool(t *testing.T) {
	x := testkit.Pictures(0, 2, 32)
	for _, training := range []bool{true, false} {
		net := ResNet{Width: 4, Blocks: []int{1, 1}, StemReLU: true, LargeStem: true, FinalConv: true, Splits: 1}
		m := testkit.NewModel(t, testkit.Open(t, device.Go), nn.Mode{Precision: device.F64}, func(scope *nn.Scope, inputs []*graph.Node) *graph.Node {
			cells := net.Map(scope, inputs[0])
			cells.AssertDims(2, 4, 4, net.Features())
			return graph.Concatenate([]*graph.Node{net.Pool(scope, cells), net.Forward(scope, inputs[0])}, 0)
		}, x)
		y := m.Pass(t, training, nil, x).Y
		testkit.Near(t, "Pool of Map", y[:len(y)/2], y[len(y)/2:], 1e-12)
	}
}

// TestStemReLU checks the switch with an image that makes the stem negative.
func TestStemReLU(t *testing.T) {
	x := testkit.Pictures(0, 2, 8)
	features := func(relu bool) []float64 {
		net := ResNet{Width: 4, Blocks: []int{1}, StemReLU: relu, Splits: 1}
		m := testkit.NewModel(t, testkit.Open(t, device.Go), nn.Mode{Precision: device.F32}, func(scope *nn.Scope, inputs []*graph.Node) *graph.Node {
			return net.Forward(scope, inputs[0])
		}, x)
		return m.Pass(t, true, nil, x).Y
	}
	with, without := features(true), features(false)
	// A block adds its input to its output, so a negative stem lowers every mean.
	for i := range with {
		if with[i] == without[i] {
			t.Errorf("feature %d is %g with and without ReLU", i, with[i])
		}
	}
}
