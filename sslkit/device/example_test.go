package device_test

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/device"
)

// device.Auto takes the best device there is; the pure-Go backend is always there.
func ExampleOpen() {
	d, err := device.Open(device.Go)
	if err != nil {
		fmt.Println(err)
		return
	}
	length, err := graph.ExecOnce(d.Backend, func(x *graph.Node) *graph.Node {
		return graph.Sqrt(graph.ReduceAllSum(graph.Square(x)))
	}, []float32{3, 4})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("on", d.Kind, "the length of (3, 4) is", length.Value())
	// Output: on go the length of (3, 4) is 5
}

func ExampleTargets() {
	for _, t := range device.Targets() {
		fmt.Printf("%-8s %s, %d cores, %.1f GB\n", t.Name, t.Device, t.Cores, float64(t.Memory)/1e9)
	}
	// Output:
	// h100     NVIDIA H100 80GB HBM3, 132 cores, 84.9 GB
	// a100     NVIDIA A100-SXM4-80GB, 108 cores, 85.1 GB
	// l4       NVIDIA L4, 58 cores, 23.6 GB
	// rtx4090  NVIDIA GeForce RTX 4090, 128 cores, 25.3 GB
}

// What a matrix product takes on an H100, on a machine without one. It needs what `make
// setup-plan` installs.
func ExampleDevice_Plan() {
	target, err := device.TargetNamed("h100")
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := target.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	matrix := shapes.Make(dtypes.BFloat16, 4096, 4096)
	p, err := d.Plan("product", func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{graph.MatMul(in[0], in[1])}
	}, matrix, matrix)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d kernels, %.0f MB at the peak, %v at best\n", p.Kernels, float64(p.Memory.Peak)/1e6, p.Estimate)
}
