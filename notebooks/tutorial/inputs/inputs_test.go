package main

import (
	"errors"
	"io/fs"
	"math"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/op"
)

// The cells run one after the other, as in the notebook, and download nothing.
func TestCells(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: compiles augmentations")
	}
	if _, err := device.Open(device.CPU); errors.Is(err, fs.ErrNotExist) {
		t.Skip(err)
	}
	t.Setenv("SSLKIT_HOME", t.TempDir())
	t.Setenv("SSLKIT_DATA", t.TempDir()) // CIFAR-10 and ImageNette are not there
	t.Chdir(t.TempDir())
	kind = device.CPU
	main()
	main() // finds its runs complete
	images := must(dataset.Folder(t.Context(), folder, dataset.FolderOptions{}))
	if images.Len() != 12 || images.Frames == nil || len(images.Pixels) >= 12*32*32*3 {
		t.Errorf("%d images in %d bytes, want 12 of several sizes in less than padded ones take", images.Len(), len(images.Pixels))
	}
}

// Vary shows one thing at a time: the policy that it begins with leaves images as they are.
func TestPlainChangesNothing(t *testing.T) {
	d := must(device.Open(device.Go))
	images := Pictures()
	source := must(feed.Open(d, images, feed.Resident))
	defer source.Free()
	drawn := views(t, d, source, Plain())
	for i, level := range images.Pixels {
		if math.Abs(float64(drawn[i])-float64(level)/255) > 1e-6 {
			t.Fatalf("value %d is %g, want %g", i, drawn[i], float64(level)/255)
		}
	}
	p := Plain()
	p.SolarizeP = 1
	for i, value := range views(t, d, source, p) {
		level := float64(images.Pixels[i])
		if level >= 128 {
			level = 255 - level
		}
		if math.Abs(float64(value)-level/255) > 1e-6 {
			t.Fatalf("solarized value %d is %g, want %g: all values from one half on are inverted", i, value, level/255)
		}
	}
}

// views are views of all images of a source, by a policy.
func views(t *testing.T, d *device.Device, source *feed.Source, p augment.Policy) []float32 {
	t.Helper()
	draw := must(graph.NewExec(d.Backend, func(key, pixels *graph.Node) *graph.Node {
		all := graph.Iota(key.Graph(), shapes.Make(dtypes.Int32, source.Len()), 0)
		return p.View(key, feed.Take([]*graph.Node{pixels}, all))
	}))
	return must(tensors.CopyFlatData[float32](must(draw.Exec1(tensors.FromValue(op.Key(1)), source.Set()[0]))))
}

// The text says in what the policies of the papers differ.
func TestPoliciesOfPapers(t *testing.T) {
	simCLR, simSiam := augment.SimCLR(32), augment.SimSiam(32)
	simSiam.Scale[0] = simCLR.Scale[0]
	if simSiam != simCLR {
		t.Errorf("SimSiam differs from SimCLR in more than the smallest crop")
	}
	first, second := augment.BYOL(32)
	if first.BlurP != 1 || second.BlurP != 0.1 || first.SolarizeP != 0 || second.SolarizeP != 0.2 {
		t.Errorf("BYOL: %+v and %+v", first, second)
	}
	if r := Recipe(); r.Views[0].Scale[0] != 0.2 {
		t.Errorf("the recipe's crops begin at %g, want 0.2", r.Views[0].Scale[0])
	}
}
