package feed_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// Of images of one size each of several accelerators can have a part.
func TestSplit(t *testing.T) {
	testkit.CPU(t)
	const count = 3
	d, err := device.OpenSeveral(device.CPU, count)
	if err != nil {
		t.Fatal(err)
	}
	images := uniform(23) // 8, 8 and 7
	source := open(t, d, images, feed.Split)
	reader, err := source.ReadParts([]int32{22, 0, 7}, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	sets, err := reader.NextParts()
	if err != nil {
		t.Fatal(err)
	}
	var got []uint8
	for _, set := range sets {
		got = append(got, tensors.MustCopyFlatData[uint8](set[0])...)
	}
	if !bytes.Equal(got[:len(images.Pixels)], images.Pixels) || len(got) != 24*len(images.Pixels)/23 {
		t.Errorf("the parts are %d bytes, which are not those of the images", len(got))
	}
	if shape, kept := source.Shapes()[0], source.Kept(); shape.Dimensions[0] != 24 || kept != int64(len(got)/count) {
		t.Errorf("shape %s, %d bytes on each, want 24 images, 8 on each", shape, kept)
	}
	if places := source.PlacesInParts([]int32{22, 0, 7}, 3); !slices.Equal(places, []int32{22, 0, 7}) || source.Set() != nil {
		t.Errorf("places %v, set %v", places, source.Set())
	}
	if _, err := feed.Open(d, mixed(5), feed.Split); err == nil || !strings.Contains(err.Error(), "several sizes") {
		t.Errorf("images of several sizes: error %v", err)
	}
	one := open(t, testkit.Any(t), images, feed.Resident)
	alone, err := feed.Open(testkit.Any(t), images, feed.Split)
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Free()
	if alone.Mode() != one.Mode() {
		t.Errorf("split on one device is %s", alone.Mode())
	}
}

// What is planned for several accelerators is divided where it has to be.
func TestOutlinedSplit(t *testing.T) {
	target := device.Targets()[0]
	testkit.Target(t, target.Name)
	target.Devices = 8
	planned, err := target.Open()
	if err != nil {
		t.Fatal(err)
	}
	free, err := planned.Free()
	if err != nil {
		t.Fatal(err)
	}
	const side = 1 << 10
	fits := int(free / 2 / (3 * side * side))
	for n, want := range map[int]feed.Mode{fits: feed.Resident, fits + 1: feed.Split, 8 * fits: feed.Split, 8*fits + 8: feed.Resident} {
		outline, err := feed.Outlined(planned, &dataset.Images{Labels: make([]int32, n), Height: side, Width: side}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if outline.Mode() != want {
			t.Errorf("%d images where %d fit on each of 8 are %s, want %s", n, fits, outline.Mode(), want)
		}
	}
}
