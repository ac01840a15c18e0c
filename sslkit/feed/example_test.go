package feed_test

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
)

// An epoch over six images of one gray pixel, in an order of one's own and
// batches of three. What the program gets is the same wherever they are kept.
func ExampleOpen() {
	d, err := device.Open(device.Go)
	if err != nil {
		fmt.Println(err)
		return
	}
	images := &dataset.Images{Height: 1, Width: 1, Labels: make([]int32, 6)}
	for i := range uint8(6) {
		images.Pixels = append(images.Pixels, i, i, i)
	}
	for _, mode := range []feed.Mode{feed.Resident, feed.Streamed} {
		if err := epoch(d, images, mode, []int32{5, 0, 3, 1, 4, 2}, 3); err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// resident [5 0 3]
	// resident [1 4 2]
	// streamed [5 0 3]
	// streamed [1 4 2]
}

// epoch prints the red of every image, batch by batch.
func epoch(d *device.Device, images *dataset.Images, mode feed.Mode, order []int32, batch int) error {
	source, err := feed.Open(d, images, mode)
	if err != nil {
		return err
	}
	defer source.Free()
	reader, err := source.Read(order, batch)
	if err != nil {
		return err
	}
	defer reader.Close()
	red := func(set, places *graph.Node) *graph.Node {
		pixels := feed.Take([]*graph.Node{set}, places).Pixels // [batch, 1, 1, 3]
		return graph.Reshape(graph.Slice(pixels, graph.AxisRange().Spacer(), graph.AxisElem(0)), batch)
	}
	places := source.Places(order, batch)
	for first := 0; first < len(order); first += batch {
		set, err := reader.Next()
		if err != nil {
			return err
		}
		values, err := graph.ExecOnce(d.Backend, red, set[0], places[first:first+batch])
		if err != nil {
			return err
		}
		fmt.Println(mode, values.Value())
	}
	return nil
}
