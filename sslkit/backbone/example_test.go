package backbone_test

import (
	"fmt"
	"iter"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/nn"
)

// Small is a network of a program's own, which lists its layers.
type Small struct {
	Width int `json:"width"`
}

func (s Small) Layers() iter.Seq[backbone.Layer] {
	return slices.Values([]backbone.Layer{
		{Name: "conv", Path: "conv", Kind: backbone.Conv{In: 3, Out: s.Width, Size: 3, Stride: 2}},
		{Name: "norm", Path: "norm", Kind: backbone.BatchNorm{Channels: s.Width, Splits: 1}},
		{Name: "relu", Path: "relu", Kind: backbone.ReLU{}},
		{Name: "pool", Path: "pool", Kind: backbone.AveragePool{}},
	})
}

func (s Small) Forward(scope *nn.Scope, x *graph.Node) *graph.Node {
	return backbone.Build(scope, s.Layers(), x)
}

func (s Small) Features() int             { return s.Width }
func (s Small) Shrunk() backbone.Backbone { return Small{Width: min(s.Width, 8)} }

func (s Small) Validate() error {
	if s.Width < 1 {
		return fmt.Errorf("small: width %d, want at least 1", s.Width)
	}
	return nil
}

// In a program it stands beside the type, so that recipes with it can be read.
var _ = backbone.Register(Small{})

// A network of one's own: what its weights are called in PyTorch.
func ExampleListed() {
	for l := range (Small{Width: 32}).Layers() {
		for _, w := range l.Weights() {
			fmt.Println(l.NameOf(w), w.Dims)
		}
	}
	// Output:
	// conv.weight [32 3 3 3]
	// norm.weight [32]
	// norm.bias [32]
	// norm.running_mean [32]
	// norm.running_var [32]
}

// How large the networks are. A network of one's own is a changed copy.
func ExampleResNet() {
	d, err := device.Open(device.Go)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range []backbone.ResNet{backbone.ResNet18(), backbone.ResNet18().Sized(16), backbone.Tiny()} {
		vars, err := nn.Declare(d.Backend, nn.Mode{Precision: device.F32}, func(scope *nn.Scope) {
			r.Forward(scope, graph.Zeros(scope.Graph(), shapes.Make(dtypes.Float32, 1, 32, 32, 3)))
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		params, _ := vars.Sizes()
		fmt.Println("width", r.Width, "blocks", r.Blocks, "features", r.Features(), "parameters", params)
	}
	// Output:
	// width 64 blocks [2 2 2 2] features 512 parameters 11168832
	// width 16 blocks [2 2 2 2] features 128 parameters 700176
	// width 16 blocks [1 1 1] features 64 parameters 77392
}
