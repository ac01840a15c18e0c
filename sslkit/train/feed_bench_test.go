package train

import (
	"slices"
	"testing"
	"time"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
)

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
