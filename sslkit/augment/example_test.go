package augment_test

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/op"
)

// Two views of each of four drawings, the first drawn twice: a key decides all
// that is random in a view.
func ExamplePolicy_View() {
	d, err := device.Open(device.Go)
	if err != nil {
		fmt.Println(err)
		return
	}
	set, err := dataset.DrawShapes(1, 4, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	images := tensors.FromFlatDataAndDimensions(set.Train.Pixels, 4, 32, 32, 3)

	policy := augment.SimCLR(16)
	policy.GrayscaleP = 0 // a policy is a value: change what you like
	views, err := graph.ExecOnceN(d.Backend, func(images, key *graph.Node) []*graph.Node {
		batch := augment.Whole(images)
		first, second := op.KeyNodeAt(key, 0), op.KeyNodeAt(key, 1)
		return []*graph.Node{policy.View(first, batch), policy.View(second, batch), policy.View(first, batch)}
	}, images, op.Key(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(views[0].Shape())
	fmt.Println("another key gives another view:", !views[1].Equal(views[0]))
	fmt.Println("the same key gives the same view:", views[2].Equal(views[0]))
	// Output:
	// (Float32)[4 16 16 3]
	// another key gives another view: true
	// the same key gives the same view: true
}

// The published benchmarks on larger images add a blur.
func ExamplePolicy_Blurred() {
	small, large := augment.SimSiam(32), augment.SimSiam(128).Blurred(0.5)
	fmt.Println("crops of", small.Scale[0], "to", small.Scale[1], "of the area")
	fmt.Println("blur with probability", small.BlurP, "and", large.BlurP, "with sigma of", large.BlurSigma, "pixels")
	// Output:
	// crops of 0.2 to 1 of the area
	// blur with probability 0 and 0.5 with sigma of [0.1 2] pixels
}
