package op_test

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/op"
)

// Cosine similarities of two projections with three others.
func ExampleMatMulT() {
	d, err := device.Open(device.Go)
	if err != nil {
		fmt.Println(err)
		return
	}
	similarities, err := graph.ExecOnce(d.Backend, func(a, b *graph.Node) *graph.Node {
		return op.MatMulT(op.Normalize(a), op.Normalize(b))
	}, [][]float32{{3, 4}, {0, 2}}, [][]float32{{6, 8}, {4, 3}, {-5, 0}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range similarities.Value().([][]float32) {
		fmt.Printf("%.2f\n", row)
	}
	// Output:
	// [1.00 0.96 -0.60]
	// [0.80 0.60 0.00]
}

// A key names a draw: whoever has it gets the same numbers, on any device.
func ExampleUniform() {
	d, err := device.Open(device.Go)
	if err != nil {
		fmt.Println(err)
		return
	}
	const seed, epoch = 7, 3
	for step := range uint64(2) {
		numbers, err := graph.ExecOnce(d.Backend, func(key *graph.Node) *graph.Node {
			return op.Uniform(key, 4)
		}, op.Key(seed, epoch, step))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("step %d: %.4f\n", step, numbers.Value())
	}
	// Output:
	// step 0: [0.4175 0.5829 0.1173 0.2328]
	// step 1: [0.2568 0.6881 0.1528 0.9976]
}
