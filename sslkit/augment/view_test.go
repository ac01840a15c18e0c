package augment

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/op"
)

// With a key for each image, its view is the one that it has alone by that key.
func TestViewOfAKeyForEachImage(t *testing.T) {
	d := testkit.Open(t, device.Go) // XLA would compile for half a minute
	pixels, frames := store(0)
	var keys []uint64
	for i := range framedSizes {
		keys = append(keys, op.Key(5, uint64(i)))
	}
	for _, name := range []string{"crops", "all"} {
		p := framedPolicies()[name]
		got := testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
			return []*graph.Node{p.View(in[2], Framed(in[0], in[1]))}
		}, pixels, frames, tensors.FromValue(keys))[0]
		for i, size := range framedSizes {
			want := testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
				return []*graph.Node{p.View(in[1], Whole(in[0]))}
			}, tensors.FromFlatDataAndDimensions(framedPicture(i), 1, size[0], size[1], 3), tensors.FromScalar(keys[i]))[0]
			testkit.Within(t, fmt.Sprintf("%s, image %d", name, i), got[i*len(want):(i+1)*len(want)], want, 1e-5)
			if i > 0 && slices.Equal(want, got[:len(want)]) {
				t.Errorf("%s: image %d has the view of image 0", name, i)
			}
		}
	}
	testkit.Panics(t, d, "key has shape (Uint64)[3], want a scalar uint64, or one for each of 2 images", func(g *graph.Graph) {
		images := graph.Zeros(g, shapes.Make(dtypes.Uint8, 2, 4, 4, 3))
		SimCLR(4).View(graph.Const(g, []uint64{1, 2, 3}), Whole(images))
	})
}

func TestCropAndFlip(t *testing.T) {
	view, _ := BYOL(32)
	probe := view.CropAndFlip()
	if err := probe.Validate(); err != nil {
		t.Error(err)
	}
	still := view.CropAndFlip()
	still.Scale, still.Ratio, still.FlipP = [2]float64{}, [2]float64{}, 0
	if want := (Policy{Size: 32, Mean: view.Mean, Std: view.Std}); still != want || probe.FlipP != 0.5 || probe.Scale != [2]float64{0.08, 1} {
		t.Errorf("%+v", probe)
	}
}
