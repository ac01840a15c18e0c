package backbone_test

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/nn"
)

// How large the networks are. A network of one's own is a changed copy.
func ExampleResNet() {
	d, err := device.Open(device.Go)
	if err != nil {
		fmt.Println(err)
		return
	}
	narrow := backbone.ResNet18()
	narrow.Width = 16
	for _, r := range []backbone.ResNet{backbone.ResNet18(), narrow, backbone.Tiny()} {
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
