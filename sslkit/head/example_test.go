package head_test

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/nn"
)

// SimSiam's projection head, as in its paper, on the features of a ResNet-18,
// and the variables that it learns.
func ExampleMLP() {
	d, err := device.Open(device.Go)
	if err != nil {
		fmt.Println(err)
		return
	}
	projector := head.MLP{Layers: 3, Hidden: 2048, Out: 2048, BatchNorm: true, OutNorm: head.PlainNorm}
	if err := projector.Validate(); err != nil {
		fmt.Println(err)
		return
	}
	vars, err := nn.Declare(d.Backend, nn.Mode{Precision: device.F32}, func(scope *nn.Scope) {
		h := graph.Zeros(scope.Graph(), shapes.Make(dtypes.Float32, 4, 512))
		z := projector.Forward(scope.In("projector"), h)
		fmt.Println("projections", z.Shape())
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range vars.Params() {
		fmt.Println(v.Path, v.Dims)
	}
	// Output:
	// projections (Float32)[4 2048]
	// projector/0/weight [512 2048]
	// projector/0/bn/weight [2048]
	// projector/0/bn/bias [2048]
	// projector/1/weight [2048 2048]
	// projector/1/bn/weight [2048]
	// projector/1/bn/bias [2048]
	// projector/2/weight [2048 2048]
}
