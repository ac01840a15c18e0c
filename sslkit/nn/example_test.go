package nn_test

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/nn"
)

// A model is a function that builds a graph. Its variables are what building it
// meets, each in the folder of its scope.
func ExampleDeclare() {
	d, err := device.Open(device.Go)
	if err != nil {
		fmt.Println(err)
		return
	}
	vars, err := nn.Declare(d.Backend, nn.Mode{Training: true, Precision: device.F32}, func(scope *nn.Scope) {
		x := graph.Zeros(scope.Graph(), shapes.Make(dtypes.Float32, 2, 32, 32, 3))
		x = nn.Conv(scope.In("conv"), x, 16, 3, 2)                   // [2, 16, 16, 16]
		x = nn.BatchNorm(scope.In("norm"), x, true)                  // [2, 16, 16, 16]
		nn.Dense(scope.In("out"), nn.GlobalAveragePool(x), 10, true) // [2, 10]
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range vars.Params() {
		fmt.Println(v.Path, v.Dims, "at", v.Offset)
	}
	params, buffers := vars.Sizes()
	fmt.Println(params, "numbers are trained,", buffers, "are not:")
	for _, v := range vars.Buffers() {
		fmt.Println(v.Path)
	}
	// Output:
	// conv/weight [3 3 3 16] at 0
	// norm/weight [16] at 432
	// norm/bias [16] at 448
	// out/weight [16 10] at 464
	// out/bias [10] at 624
	// 634 numbers are trained, 32 are not:
	// norm/running_mean
	// norm/running_var
}

// A target network follows the online one: here a single weight, with momentum
// 0.9, while training would move it from 0 to 1.
func ExampleScope_Target() {
	d, err := device.Open(device.Go)
	if err != nil {
		fmt.Println(err)
		return
	}
	mode := nn.Mode{Training: true, Precision: device.F32}
	model := func(scope *nn.Scope) *graph.Node {
		scope.In("online").Param("weight", nn.Constant(0), 1)
		return scope.Target(graph.Scalar(scope.Graph(), dtypes.Float64, 0.9)).Param("weight", nn.Constant(0), 1)
	}
	vars, err := nn.Declare(d.Backend, mode, func(scope *nn.Scope) { model(scope) })
	if err != nil {
		fmt.Println(err)
		return
	}
	step := func(params, buffers *graph.Node) *graph.Node {
		bound := vars.Bind(mode, params, buffers)
		model(bound.Scope)
		return bound.BuffersAfter()
	}
	var target any = []float32{0}
	for range 3 {
		after, err := graph.ExecOnce(d.Backend, step, []float32{1}, target)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%.3f\n", after.Value())
		target = after
	}
	// Output:
	// [0.100]
	// [0.190]
	// [0.271]
}
