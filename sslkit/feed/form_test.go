package feed_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// sized are images of these heights and widths.
func sized(sizes ...[2]int) *dataset.Images {
	m := shaped(sizes...)
	bytes := 3 * m.Height * m.Width
	for _, f := range m.Frames {
		bytes += 3 * m.Side * max(f.Height, f.Width)
	}
	for i := range bytes {
		m.Pixels = append(m.Pixels, uint8(256*testkit.U(3, i)))
	}
	return m
}

// shaped are images of these heights and widths, without pixels.
func shaped(sizes ...[2]int) *dataset.Images {
	m := &dataset.Images{Labels: make([]int32, len(sizes))}
	if len(sizes) == 1 {
		m.Height, m.Width = sizes[0][0], sizes[0][1]
		return m
	}
	rows := 0
	for _, s := range sizes {
		m.Frames = append(m.Frames, dataset.Frame{Row: rows, Height: s[0], Width: s[1]})
		m.Side, rows = max(m.Side, min(s[0], s[1])), rows+max(s[0], s[1])
	}
	return m
}

// TestOpenFor gives programs images no larger than their input needs, the same
// in either mode, and as the data set shrinks them.
func TestOpenFor(t *testing.T) {
	d := testkit.Open(t, device.Go)
	const size = 4 // images have 16 pixels on their shorter side
	for name, test := range map[string]struct {
		images *dataset.Images
		want   []dataset.Frame
	}{
		"several": {sized([2]int{60, 40}, [2]int{17, 90}, [2]int{16, 99}, [2]int{3, 5}), []dataset.Frame{{Height: 24, Width: 16}, {Height: 16, Width: 84}, {Height: 16, Width: 99}, {Height: 3, Width: 5}}},
		"one":     {sized([2]int{40, 60}), []dataset.Frame{{Height: 16, Width: 24}}},
		"long":    {sized([2]int{1, 50}), []dataset.Frame{{Height: 1, Width: 50}}},
		"high":    {sized([2]int{200, 20}), []dataset.Frame{{Height: 160, Width: 16}}},
	} {
		for _, mode := range []feed.Mode{feed.Resident, feed.Streamed} {
			source, err := feed.OpenFor(d, test.images, mode, size)
			if err != nil {
				t.Fatal(err)
			}
			defer source.Free()
			if mode == feed.Resident {
				checkOutline(t, name, d, *test.images, size, source)
			}
			var order []int32
			for i := range test.images.Len() {
				order = append(order, int32(i))
			}
			reader, err := source.Read(order, len(order))
			if err != nil {
				t.Fatal(err)
			}
			defer reader.Close()
			set, err := reader.Next()
			if err != nil {
				t.Fatal(err)
			}
			if got := set[0].Shape().Size(); got > 3*(16*(24+84+99+5)+16*40) {
				t.Errorf("%s, %s: the set has %s", name, mode, set[0].Shape())
			}
			side := 1
			for _, f := range test.want {
				side = max(side, min(f.Height, f.Width))
			}
			like := &dataset.Images{Height: test.want[0].Height, Width: test.want[0].Width, Side: side}
			got := taken(t, takes(t, d), set, source.Places(order, len(order)), like)
			for i, want := range test.want {
				h, w := got.Size(i)
				pixels := test.images.At(i)
				if height, width := test.images.Size(i); height != want.Height || width != want.Width {
					pixels = test.images.Shrunk(i, want)
				}
				if h != want.Height || w != want.Width || !bytes.Equal(got.At(i), pixels) {
					t.Errorf("%s, %s: image %d arrived as %d×%d, want %d×%d, or with other pixels", name, mode, i, w, h, want.Width, want.Height)
				}
			}
		}
	}
}

// checkOutline checks that images without pixels have the shapes of a source.
func checkOutline(t *testing.T, name string, d *device.Device, images dataset.Images, size int, source *feed.Source) {
	t.Helper()
	images.Pixels = nil
	outline, err := feed.Outlined(d, &images, size)
	if err != nil {
		t.Fatal(err)
	}
	checkShapes(t, name, outline, source)
}

// checkShapes compares a source of images without pixels with one that has all.
func checkShapes(t *testing.T, name string, outlined, resident *feed.Source) {
	t.Helper()
	var want []shapes.Shape
	for _, part := range resident.Set() {
		want = append(want, part.Shape())
	}
	if got := outlined.Shapes(); !slices.EqualFunc(got, want, shapes.Shape.Equal) {
		t.Errorf("%s: without pixels the set has the shapes %v, want %v", name, got, want)
	}
	if got, want := outlined.Batch(100), resident.Batch(100); got != want {
		t.Errorf("%s: without pixels %d images are a batch, want %d", name, got, want)
	}
}

// TestBatchByBytes looks for batches that memory does not depend on.
func TestBatchByBytes(t *testing.T) {
	d := testkit.Open(t, device.Go)
	var many, long [][2]int
	for range 2000 {
		many, long = append(many, [2]int{3, 4}), append(long, [2]int{2, 60_000})
	}
	for name, test := range map[string]struct {
		images *dataset.Images
		want   int
	}{
		"small":            {shaped(many...), 2000},
		"a large one":      {shaped(append(many[:300:300], [2]int{700, 1000})...), (256 << 20) / (4 * 3 * 700 * 700)},
		"one that is huge": {shaped([2]int{6000, 6000}), 1},
		"all are long":     {shaped(long...), (256 << 20) / (3 * 2 * 60_000)},
	} {
		source, err := feed.Open(d, test.images, feed.Streamed)
		if err != nil {
			t.Fatal(err)
		}
		if got := source.Batch(5000); got < test.want-1 || got > test.want {
			t.Errorf("%s: batches of %d images, want %d", name, got, test.want)
		}
		if got := source.Batch(1); got != 1 {
			t.Errorf("%s: batches of %d images, want 1 at most", name, got)
		}
		source.Free()
	}
}
