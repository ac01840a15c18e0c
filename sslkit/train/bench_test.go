package train

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
)

// stepCases are the networks of the published recipes on a GPU, and narrow ones
// on a CPU.
func stepCases(kind device.Kind) []stepCase {
	if kind == device.CUDA {
		var cases []stepCase
		for _, m := range method.All() {
			for _, batch := range []int{128, 512} {
				cases = append(cases, stepCase{method.Name(m), 64, batch, device.BF16}, stepCase{method.Name(m), 64, batch, device.F32})
			}
		}
		return cases
	}
	cases := []stepCase{{"SimCLR", 8, 64, device.F32}, {"SimCLR", 16, 128, device.F32}, {"SimCLR", 16, 64, device.BF16}}
	for _, m := range method.All() {
		cases = append(cases, stepCase{method.Name(m), 16, 64, device.F32})
	}
	return cases
}

type stepCase struct {
	method       string
	width, batch int
	precision    device.Precision
}

// BenchmarkStep times whole training steps with ResNet-18 on 32×32 images,
// augmentation included, compilation not.
func BenchmarkStep(b *testing.B) {
	kind := testkit.XLA(b).Kind
	for _, c := range stepCases(kind) {
		b.Run(fmt.Sprintf("method=%s/width=%d/batch=%d/precision=%s", c.method, c.width, c.batch, c.precision), func(b *testing.B) {
			r, err := recipe.CIFAR10(c.method)
			if err != nil {
				b.Fatal(err)
			}
			const steps = 8
			r.TrainImages, r.TestImages, r.Batch = steps*c.batch, r.Eval.K, c.batch
			r.Backbone, r.Precision = backbone.ResNet18().Sized(c.width), c.precision
			data, err := dataset.Load(b.Context(), dataset.Shapes, r.TrainImages, r.TestImages, nil)
			if err != nil {
				b.Fatal(err)
			}
			t := &trainer{recipe: r, result: &Result{Recipe: r}}
			if err := t.prepare(b.Context(), Options{Device: kind, Data: data}); err != nil {
				b.Fatal(err)
			}
			defer t.free()
			var in *epochInput
			var times []float64
			step := func() {
				if len(times)%steps == 0 { // an epoch begins
					if in != nil {
						in.free()
					}
					if in, err = t.epochInput(1, 0); err != nil {
						b.Fatal(err)
					}
					if err := t.resetCounters(); err != nil {
						b.Fatal(err)
					}
				}
				start := time.Now()
				if err := t.step.run(t.state, in); err != nil {
					b.Fatal(err)
				}
				if _, err := floats(t.state.meters); err != nil { // waits for the device
					b.Fatal(err)
				}
				times = append(times, time.Since(start).Seconds())
			}
			step()
			for b.Loop() {
				step()
			}
			in.free()
			times = times[1:] // the first step compiles
			slices.Sort(times)
			b.ReportMetric(float64(c.batch)/times[len(times)/2], "images/s") // by the median: machines are noisy
			b.ReportMetric(1e3*times[len(times)/2], "median-ms")
			b.ReportMetric(1e3*times[0], "min-ms")
		})
	}
}

// BenchmarkTurnaround times what lies between two epochs of 50,000 images
// besides kNN accuracy: reading the meters, the order of the next epoch, and a
// checkpoint, which is written meanwhile.
func BenchmarkTurnaround(b *testing.B) {
	r, err := recipe.CIFAR10("SimCLR")
	if err != nil {
		b.Fatal(err)
	}
	r.Backbone, r.TestImages = backbone.ResNet18().Sized(16), 1
	t := &trainer{recipe: r, result: &Result{Recipe: r, Epochs: []Epoch{{}}}}
	defer t.free()
	data := &dataset.Set{Train: noise(r.TrainImages, 32, 32), Test: noise(1, 32, 32)}
	if err := t.prepare(b.Context(), Options{Dir: b.TempDir(), Device: testkit.XLA(b).Kind, Data: data}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := floats(t.state.meters); err != nil {
			b.Fatal(err)
		}
		if err := t.resetCounters(); err != nil {
			b.Fatal(err)
		}
		if err := t.folder.save(t.result, place{}, t.state, t.step.layout); err != nil {
			b.Fatal(err)
		}
		in, err := t.epochInput(1, 0)
		if err != nil {
			b.Fatal(err)
		}
		in.free()
		if err := t.folder.wait(); err != nil { // in a run, training goes on meanwhile
			b.Fatal(err)
		}
	}
}

// photographs are images of noise with the sizes of ImageNette's: the shorter
// side has 160 pixels, the longer one 213 or so.
func photographs(n int) *dataset.Images {
	images := &dataset.Images{Labels: make([]int32, n), Classes: make([]string, 10), Side: 160}
	row := 0
	for i := range n {
		f := dataset.Frame{Row: row, Height: 160, Width: 160 + (13*i)%107}
		if i%4 == 0 {
			f.Height, f.Width = f.Width, f.Height
		}
		images.Frames = append(images.Frames, f)
		row += max(f.Height, f.Width)
	}
	images.Pixels = noise(1, row, images.Side).Pixels
	return images
}

// BenchmarkFeed compares steps with images on the device and with streamed ones,
// made in turn. A third number is the time that a streamed batch takes by itself.
func BenchmarkFeed(b *testing.B) {
	kind := testkit.XLA(b).Kind
	const n = 256
	for _, c := range []struct {
		name        string
		images      *dataset.Images
		view, batch int
	}{
		{"32x32/batch=64", noise(n, 32, 32), 32, 64},
		{"photographs/view=64/batch=32", photographs(n), 64, 32},
	} {
		b.Run(c.name, func(b *testing.B) {
			r, err := recipe.CIFAR10("SimCLR")
			if err != nil {
				b.Fatal(err)
			}
			r.TrainImages, r.TestImages, r.Batch, r.Eval.K, r.Precision = n, n, c.batch, 1, device.F32
			r.Backbone = backbone.Tiny()
			for i := range r.Views {
				r.Views[i].Size = c.view
			}
			data := &dataset.Set{Train: c.images, Test: c.images}
			resident, streamed := newStepper(b, r, kind, data, feed.Resident), newStepper(b, r, kind, data, feed.Streamed)
			for b.Loop() {
				resident.step(b)
				streamed.step(b)
			}
			b.ReportMetric(1e3*resident.median(), "resident-ms")
			b.ReportMetric(1e3*streamed.median(), "streamed-ms")
			b.ReportMetric(float64(c.batch)/resident.median(), "resident-images/s")
			b.ReportMetric(float64(c.batch)/streamed.median(), "streamed-images/s")
			b.ReportMetric(1e3*alone(b, streamed.train, c.batch), "upload-ms")
		})
	}
}

// A stepper makes steps of one epoch after another, and keeps their times.
type stepper struct {
	*trainer
	in    *epochInput
	done  int
	times []float64
}

func newStepper(b *testing.B, r recipe.Recipe, kind device.Kind, data *dataset.Set, mode feed.Mode) *stepper {
	s := &stepper{trainer: &trainer{recipe: r, result: &Result{Recipe: r}}}
	if err := s.prepare(b.Context(), Options{Device: kind, Data: data, Feed: mode}); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		s.in.free()
		s.free()
	})
	s.step(b)
	s.times = nil
	return s
}

func (s *stepper) step(b *testing.B) {
	start := time.Now()
	if s.done%s.recipe.Steps() == 0 {
		s.nextEpoch(b)
	}
	s.done++
	if err := s.trainer.step.run(s.state, s.in); err != nil {
		b.Fatal(err)
	}
	if _, err := floats(s.state.meters); err != nil { // waits for the device
		b.Fatal(err)
	}
	s.times = append(s.times, time.Since(start).Seconds())
}

func (s *stepper) nextEpoch(b *testing.B) {
	if s.in != nil {
		s.in.free()
	}
	err := s.resetCounters()
	if err == nil {
		s.in, err = s.epochInput(1, 0)
	}
	if err != nil {
		b.Fatal(err)
	}
}

func (s *stepper) median() float64 { return median(s.times) }

func median(times []float64) float64 {
	times = slices.Sorted(slices.Values(times))
	return times[len(times)/2]
}

// alone is how long a batch of a source takes that nothing else waits for.
func alone(b *testing.B, source *feed.Source, batch int) float64 {
	order := make([]int32, source.Len()/batch*batch)
	for i := range order {
		order[i] = int32(i)
	}
	var times []float64
	for range 3 {
		reader, err := source.Read(order, batch)
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		for range len(order) / batch {
			if _, err := reader.Next(); err != nil {
				b.Fatal(err)
			}
		}
		times = append(times, time.Since(start).Seconds()/float64(len(order)/batch))
		reader.Close()
	}
	return median(times)
}
