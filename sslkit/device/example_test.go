package device_test

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
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
