package loss_test

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/loss"
)

// Two images: projections of their views that agree, and projections that are
// all the same, for which the loss is ln 3.
func ExampleNTXent() {
	d, err := device.Open(device.Go)
	if err != nil {
		fmt.Println(err)
		return
	}
	ntXent := func(z0, z1 *graph.Node) *graph.Node { return loss.NTXent(z0, z1, 0.5) }
	for _, z := range [][][]float32{{{1, 0}, {0, 1}}, {{1, 1}, {1, 1}}} {
		value, err := graph.ExecOnce(d.Backend, ntXent, z, z)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%v: %.4f\n", z, value.Value())
	}
	// Output:
	// [[1 0] [0 1]]: 0.2395
	// [[1 1] [1 1]]: 1.0986
}

// A queue of three keys: new keys take the places of the oldest ones. State
// goes in and comes out; the loss keeps nothing.
func ExampleEnqueue() {
	d, err := device.Open(device.Go)
	if err != nil {
		fmt.Println(err)
		return
	}
	enqueue := func(bank, position, keys *graph.Node) []*graph.Node {
		bank, position = loss.Enqueue(bank, position, keys)
		return []*graph.Node{bank, position}
	}
	var bank, position any = [][]float32{{0, 0}, {0, 0}, {0, 0}}, int32(0)
	for _, key := range [][]float32{{1, 0}, {0, 1}, {-1, 0}, {0, -1}} {
		state, err := graph.ExecOnceN(d.Backend, enqueue, bank, position, [][]float32{key})
		if err != nil {
			fmt.Println(err)
			return
		}
		bank, position = state[0], state[1]
		fmt.Println(state[0].Value(), "the next one goes to", state[1].Value())
	}
	// Output:
	// [[1 0] [0 0] [0 0]] the next one goes to 1
	// [[1 0] [0 1] [0 0]] the next one goes to 2
	// [[1 0] [0 1] [-1 0]] the next one goes to 0
	// [[0 -1] [0 1] [-1 0]] the next one goes to 1
}
