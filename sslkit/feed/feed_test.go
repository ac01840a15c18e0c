package feed_test

import (
	"bytes"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// uniform are n images of one size.
func uniform(n int) *dataset.Images {
	m := &dataset.Images{Labels: make([]int32, n), Height: 5, Width: 7}
	for i := range n * 5 * 7 * 3 {
		m.Pixels = append(m.Pixels, uint8(256*testkit.U(1, i)))
	}
	return m
}

// mixed are n images of several sizes, one of them very long.
func mixed(n int) *dataset.Images {
	m := &dataset.Images{Labels: make([]int32, n), Side: 9}
	row := 0
	for i := range n {
		f := dataset.Frame{Row: row, Height: 3 + i%6, Width: 9 - i%7}
		if i == n/2 {
			f.Width = 40
		}
		m.Frames = append(m.Frames, f)
		row += max(f.Height, f.Width)
	}
	for i := range row * m.Side * 3 {
		m.Pixels = append(m.Pixels, uint8(256*testkit.U(2, i)))
	}
	return m
}

// picked are n of these images, the last ones first, whose pixels stay where they are.
func picked(all func(n int) *dataset.Images) func(n int) *dataset.Images {
	return func(n int) *dataset.Images {
		from := all(2 * n)
		var which []int
		var in []int32
		for i := range n {
			which, in = append(which, 2*n-1-2*i), append(in, int32(2*n-1-2*i))
		}
		m := from.Pick(which...)
		m.Pixels, m.From, m.Which = nil, from, in
		return m
	}
}

var kinds = map[string]func(n int) *dataset.Images{
	"uniform": uniform, "mixed": mixed, "picked uniform": picked(uniform), "picked mixed": picked(mixed),
}

func open(t testing.TB, d *device.Device, images *dataset.Images, mode feed.Mode) *feed.Source {
	t.Helper()
	s, err := feed.Open(d, images, mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Free)
	if s.Mode() != mode || s.Len() != images.Len() {
		t.Fatalf("a source of %d images is %s, want %s of %d", s.Len(), s.Mode(), mode, images.Len())
	}
	return s
}

// takes is the program of the tests: it returns what it is fed.
func takes(t *testing.T, d *device.Device) *graph.Exec {
	t.Helper()
	exec, err := graph.NewExec(d.Backend, func(in []*graph.Node) []*graph.Node {
		b := feed.Take(in[1:], in[0])
		if b.Row == nil {
			return []*graph.Node{b.Pixels}
		}
		return []*graph.Node{b.Pixels, b.Row, b.Height, b.Width}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(exec.Finalize)
	return exec
}

// taken calls the program and puts what it returns into a data set again.
func taken(t *testing.T, exec *graph.Exec, set []*tensors.Tensor, places []int32, like *dataset.Images) *dataset.Images {
	t.Helper()
	args := []any{places}
	for _, x := range set {
		args = append(args, x)
	}
	out, err := exec.Exec(args...)
	if err != nil {
		t.Fatal(err)
	}
	m := &dataset.Images{Pixels: tensors.MustCopyFlatData[uint8](out[0]), Labels: make([]int32, len(places))}
	if len(out) == 1 {
		m.Height, m.Width = like.Height, like.Width
		return m
	}
	rows, heights, widths := tensors.MustCopyFlatData[int32](out[1]), tensors.MustCopyFlatData[int32](out[2]), tensors.MustCopyFlatData[int32](out[3])
	m.Side = like.Side
	for i := range places {
		m.Frames = append(m.Frames, dataset.Frame{Row: int(rows[i]), Height: int(heights[i]), Width: int(widths[i])})
	}
	return m
}

// TestImagesArrive compares what a program gets with the data set, byte by byte.
func TestImagesArrive(t *testing.T) {
	d := testkit.Any(t)
	for name, make := range kinds {
		for _, mode := range []feed.Mode{feed.Resident, feed.Streamed} {
			t.Run(name+"/"+string(mode), func(t *testing.T) {
				images, exec := make(23), takes(t, d)
				source := open(t, d, images, mode)
				order := []int32{22, 0, 11, 5, 5 + 1, 22, 1, 0, 2, 21, 3, 12, 14, 15, 22} // the last one in every batch of five
				const batch = 5
				reader, err := source.Read(order, batch)
				if err != nil {
					t.Fatal(err)
				}
				defer reader.Close()
				places := source.Places(order, batch)
				for start := 0; start < len(order); start += batch {
					set, err := reader.Next()
					if err != nil {
						t.Fatal(err)
					}
					got := taken(t, exec, set, places[start:start+batch], images)
					for k := range batch {
						i := int(order[start+k])
						h, w := got.Size(k)
						if height, width := images.Size(i); h != height || w != width || !bytes.Equal(got.At(k), images.At(i)) {
							t.Errorf("image %d arrived otherwise, as %d×%d", i, h, w)
						}
					}
				}
				if _, err := reader.Next(); err == nil || !strings.Contains(err.Error(), "no more batches") {
					t.Errorf("after the last batch: %v", err)
				}
			})
		}
	}
}

// TestOneShape asks for batches of the smallest and of the largest images.
func TestOneShape(t *testing.T) {
	d := testkit.Any(t)
	source := open(t, d, mixed(40), feed.Streamed)
	var order []int32
	for i := range int32(40) {
		order = append(order, (i*7)%40)
	}
	reader, err := source.Read(order, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var first shapes.Shape
	for k := range 10 {
		set, err := reader.Next()
		if err != nil {
			t.Fatal(err)
		}
		if k == 0 {
			first = set[0].Shape()
		} else if !set[0].Shape().Equal(first) {
			t.Errorf("batch %d has shape %s, the first has %s: a program would be compiled again", k, set[0].Shape(), first)
		}
	}
}

// TestCloseEarly closes readers whose workers wait, and looks for what is left.
func TestCloseEarly(t *testing.T) {
	d := testkit.Any(t)
	before := runtime.NumGoroutine()
	for name, make := range kinds {
		images := make(50)
		source := open(t, d, images, feed.Streamed)
		for taken := range 3 {
			order := []int32{}
			for i := range int32(50) {
				order = append(order, i)
			}
			reader, err := source.Read(order, 5)
			if err != nil {
				t.Fatal(err)
			}
			var sets [][]*tensors.Tensor
			for range taken {
				set, err := reader.Next()
				if err != nil {
					t.Fatal(err)
				}
				sets = append(sets, set)
			}
			reader.Close()
			reader.Close()
			for _, set := range sets {
				for _, x := range set {
					if x.Ok() {
						t.Errorf("%s: a set of %d is still on the device", name, taken)
					}
				}
			}
			if _, err := reader.Next(); err == nil {
				t.Errorf("%s: a closed reader gave a set", name)
			}
		}
	}
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

// full is a device that has no room for more than some buffers.
type full struct {
	backends.Backend
	room *int
}

var errFull = errors.New("out of memory")

func (f full) BufferFromFlatData(n backends.DeviceNum, flat any, shape shapes.Shape) (backends.Buffer, error) {
	if *f.room--; *f.room < 0 {
		return nil, errFull
	}
	return f.Backend.BufferFromFlatData(n, flat, shape)
}

// gated is a device that counts buffers, and makes one for each value of gate; all if
// that is nil.
type gated struct {
	backends.Backend
	gate chan struct{}
	made *atomic.Int64
}

func (g gated) BufferFromFlatData(n backends.DeviceNum, flat any, shape shapes.Shape) (backends.Buffer, error) {
	if g.gate != nil {
		<-g.gate
	}
	g.made.Add(1)
	return g.Backend.BufferFromFlatData(n, flat, shape)
}

// TestAhead looks at what is made while a step takes its time: the batches that it will
// want next, and no more.
func TestAhead(t *testing.T) {
	const ahead, batches = 2, 9
	d := testkit.Open(t, device.Go)
	var made atomic.Int64
	counted := &device.Device{Kind: device.Go, Count: 1, Backend: gated{d.Backend, nil, &made}}
	reader, err := open(t, counted, uniform(batches), feed.Streamed).Read([]int32{0, 1, 2, 3, 4, 5, 6, 7, 8}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for step := range int64(batches) {
		want := min(step+ahead, batches)
		for end := time.Now().Add(time.Minute); made.Load() < want; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("during step %d %d batches are made, want %d", step, made.Load(), want)
			}
		}
		time.Sleep(5 * time.Millisecond) // for more to be made
		if n := made.Load(); n != want {
			t.Errorf("during step %d %d batches were made, want %d", step, n, want)
		}
		if _, err := reader.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if late, waited := reader.Waited(); late > 1 || waited > time.Minute { // the last one may be on its way yet
		t.Errorf("%d batches were waited for, %s", late, waited)
	}
}

// TestWaited holds a batch up.
func TestWaited(t *testing.T) {
	d := testkit.Open(t, device.Go)
	gate := make(chan struct{})
	held := &device.Device{Kind: device.Go, Count: 1, Backend: gated{d.Backend, gate, new(atomic.Int64)}}
	reader, err := open(t, held, uniform(3), feed.Streamed).Read([]int32{0, 1, 2}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if late, waited := reader.Waited(); late != 0 || waited != 0 {
		t.Errorf("before the first %d batches were waited for, %s", late, waited)
	}
	const pause = 20 * time.Millisecond
	go func() {
		time.Sleep(pause)
		close(gate)
	}()
	if _, err := reader.Next(); err != nil {
		t.Fatal(err)
	}
	if late, waited := reader.Waited(); late != 1 || waited < pause/2 {
		t.Errorf("%d batches were waited for, %s, want 1 and about %s", late, waited, pause)
	}
	source := open(t, d, uniform(3), feed.Resident)
	there, err := source.Read([]int32{0, 1, 2}, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
	if _, err := there.Next(); err != nil {
		t.Fatal(err)
	}
	if late, waited := there.Waited(); late != 0 || waited != 0 {
		t.Errorf("images on the device were waited for: %d batches, %s", late, waited)
	}
}

func TestErrors(t *testing.T) {
	d := testkit.Open(t, device.Go)
	room := 2
	small := &device.Device{Kind: device.Go, Count: 1, Backend: full{d.Backend, &room}}
	reader, err := open(t, small, uniform(10), feed.Streamed).Read([]int32{0, 1, 2, 3, 4, 5, 6, 7}, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for k := range 3 {
		if _, err := reader.Next(); (k == 2) != errors.Is(err, errFull) {
			t.Errorf("batch %d: error %v", k, err)
		}
	}
	if _, err := feed.Open(small, uniform(10), feed.Resident); !errors.Is(err, errFull) {
		t.Errorf("resident: %v", err)
	}

	for name, order := range map[string][]int32{
		"image 10 is asked for": {1, 10}, "image -1 is asked for": {-1, 1}, "3 images cannot be cut": {1, 2, 3},
	} {
		for _, mode := range []feed.Mode{feed.Resident, feed.Streamed} {
			if _, err := open(t, d, uniform(10), mode).Read(order, 2); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("order %v, %s: error %v, want one with %q", order, mode, err, name)
			}
		}
	}
	if _, err := feed.Open(d, uniform(1), "elsewhere"); err == nil || !strings.Contains(err.Error(), `"elsewhere"`) {
		t.Errorf("unknown mode: %v", err)
	}
	if _, err := feed.Open(d, &dataset.Images{}, feed.Auto); err == nil || !strings.Contains(err.Error(), "no images") {
		t.Errorf("no images: %v", err)
	}
	twice, err := open(t, d, mixed(10), feed.Streamed).Read([]int32{5, 5, 5}, 3)
	if err != nil {
		t.Fatal(err)
	}
	defer twice.Close()
	if _, err := twice.Next(); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("an image three times: %v", err)
	}
}

// TestAuto compares the choice with the free memory of the device.
func TestAuto(t *testing.T) {
	d := testkit.Any(t)
	source, err := feed.Open(d, uniform(10), feed.Auto)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Free()
	if source.Mode() != feed.Resident {
		t.Errorf("a thousand bytes are %s", source.Mode())
	}
	free, err := d.Free()
	if err != nil {
		t.Fatal(err)
	}
	const side = 1 << 20
	n := int(free/2/(side*3)) + 1_000
	large := &dataset.Images{Labels: make([]int32, n), Height: 1, Width: side}
	large.Pixels, err = syscall.Mmap(-1, 0, n*side*3, syscall.PROT_READ, syscall.MAP_ANON|syscall.MAP_PRIVATE|syscall.MAP_NORESERVE)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(large.Pixels)
	if source, err := feed.Open(d, large, ""); err != nil || source.Mode() != feed.Streamed {
		t.Errorf("%d bytes, with %d free: %v", len(large.Pixels), free, err)
	}
}
