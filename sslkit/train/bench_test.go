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

// A stepCase is a benchmark of training steps with ResNet-18 on 32×32 images.
type stepCase struct {
	method       string
	width, batch int
	precision    device.Precision
}

func (c stepCase) String() string {
	return fmt.Sprintf("method=%s/width=%d/batch=%d/precision=%s", c.method, c.width, c.batch, c.precision)
}

// stepCases are the networks of the published recipes on a GPU, at their batches
// and beyond, and narrow ones on a CPU.
func stepCases(kind device.Kind) []stepCase {
	var cases []stepCase
	if kind == device.CUDA {
		for _, batch := range []int{128, 512, 2048} {
			for _, precision := range []device.Precision{device.BF16, device.F32} {
				for _, name := range onCIFAR10() {
					cases = append(cases, stepCase{name, 64, batch, precision})
				}
			}
		}
		return cases
	}
	cases = append(cases, stepCase{"SimCLR", 8, 64, device.F32}, stepCase{"SimCLR", 16, 128, device.F32}, stepCase{"SimCLR", 16, 64, device.BF16})
	for _, name := range onCIFAR10() {
		cases = append(cases, stepCase{name, 16, 64, device.F32})
	}
	return cases
}

// cifar10 is a method's recipe of 2023, or that of today where it joined later.
func cifar10(name string) (recipe.Recipe, error) {
	r, err := recipe.CIFAR10(name)
	if err != nil {
		return recipe.Find(recipe.LightlyHEAD, dataset.CIFAR10, name, 512, 200)
	}
	return r, nil
}

// onCIFAR10 lists the methods that have one.
func onCIFAR10() []string {
	var names []string
	for _, m := range method.All() {
		if _, err := cifar10(method.Name(m)); err == nil {
			names = append(names, method.Name(m))
		}
	}
	return names
}

// stepsPerWait is how many steps a device gets before the benchmark waits for
// it. A GPU is given a whole epoch, as in a run, which reads nothing between two
// steps; on a CPU, where other programs disturb, single steps have a median.
func stepsPerWait(kind device.Kind) int {
	if kind == device.CUDA {
		return stepsPerEpoch
	}
	return 1
}

// stepsPerEpoch is the length of the epochs of [BenchmarkStep].
const stepsPerEpoch = 8

// BenchmarkStep times whole training steps, augmentation included, compilation
// not. A GPU's allocator counts its peak from the process's start: there it is
// reported of cases that need more than those before them. Run one case a process
// to have it of each.
func BenchmarkStep(b *testing.B) {
	d := testkit.XLA(b)
	for _, c := range stepCases(d.Kind) {
		b.Run(c.String(), func(b *testing.B) {
			r, err := cifar10(c.method)
			if err != nil {
				b.Fatal(err)
			}
			r.TrainImages, r.TestImages, r.Batch = stepsPerEpoch*c.batch, r.Eval.K, c.batch
			r.Backbone, r.Precision = backbone.ResNet18().Sized(c.width), c.precision
			data := &dataset.Set{Train: noise(r.TrainImages, 32, 32), Test: noise(r.TestImages, 32, 32)}
			before := memory(b, d)
			d.ResetPeak()
			s := newStepper(b, r, d.Kind, data, feed.Resident)
			s.take(b, stepsPerEpoch-1) // the first one is made: a GPU replays steps once it has recorded some
			s.times = nil
			for b.Loop() {
				s.take(b, stepsPerWait(d.Kind))
			}
			if after := memory(b, d); after.Peak > before.Peak || !after.OnDevice() {
				b.ReportMetric(float64(after.Peak)/1e6, "peak-MB")
			}
			b.ReportMetric(float64(c.batch)/s.median(), "images/s") // by the median: machines are noisy
			b.ReportMetric(1e3*s.median(), "median-ms")
			b.ReportMetric(1e3*slices.Min(s.times), "min-ms")
			b.ReportMetric(0, "ns/op") // of a step or an epoch, as the device is
		})
	}
}

func memory(b *testing.B, d *device.Device) device.Memory {
	b.Helper()
	m, err := d.Memory()
	if err != nil {
		b.Fatal(err)
	}
	return m
}

func TestStepCases(t *testing.T) {
	for kind, want := range map[device.Kind]int{device.CPU: 3 + len(onCIFAR10()), device.CUDA: 6 * len(onCIFAR10())} {
		seen := map[string]bool{}
		for _, c := range stepCases(kind) {
			r, err := cifar10(c.method)
			if err != nil {
				t.Fatal(err)
			}
			r.Batch, r.TrainImages, r.Backbone, r.Precision = c.batch, stepsPerEpoch*c.batch, backbone.ResNet18().Sized(c.width), c.precision
			if err := r.Validate(); err != nil || seen[c.String()] || r.Steps() != stepsPerEpoch {
				t.Errorf("%s, %s: %d steps, seen before: %t, error %v", kind, c, r.Steps(), seen[c.String()], err)
			}
			seen[c.String()] = true
		}
		if len(seen) != want {
			t.Errorf("%s: %d cases, want %d", kind, len(seen), want)
		}
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

// A feedCase is a benchmark of steps by where their images come from.
type feedCase struct {
	name           string
	images         *dataset.Images
	view, batch, n int // n steps at a time
	network        backbone.Backbone
	precision      device.Precision
}

// feedCases are small enough for a CPU, or large enough for a GPU.
func feedCases(kind device.Kind) []feedCase {
	if kind == device.CUDA {
		network := backbone.ResNet18()
		return []feedCase{
			{"32x32/batch=512", noise(4096, 32, 32), 32, 512, stepsPerEpoch, network, device.BF16},
			{"photographs/view=128/batch=256", photographs(2048), 128, 256, stepsPerEpoch, backbone.ResNet18Large(), device.BF16},
		}
	}
	return []feedCase{
		{"32x32/batch=64", noise(256, 32, 32), 32, 64, 1, backbone.Tiny(), device.F32},
		{"photographs/view=64/batch=32", photographs(256), 64, 32, 1, backbone.Tiny(), device.F32},
	}
}

// BenchmarkFeed compares steps with images on the device and with streamed ones,
// made in turn. Others are the time that a streamed batch takes by itself, and how long
// a streamed step has waited for its own: as long as the device, where each step is
// waited for.
func BenchmarkFeed(b *testing.B) {
	kind := testkit.XLA(b).Kind
	for _, c := range feedCases(kind) {
		b.Run(c.name, func(b *testing.B) {
			r, err := recipe.CIFAR10("SimCLR")
			if err != nil {
				b.Fatal(err)
			}
			r.TrainImages, r.TestImages, r.Batch, r.Eval.K = c.images.Len(), c.images.Len(), c.batch, 1
			r.Backbone, r.Precision = c.network, c.precision
			for i := range r.Views {
				r.Views[i].Size = c.view
			}
			data := &dataset.Set{Train: c.images, Test: c.images}
			resident, streamed := newStepper(b, r, kind, data, feed.Resident), newStepper(b, r, kind, data, feed.Streamed)
			for b.Loop() {
				resident.take(b, c.n)
				streamed.take(b, c.n)
			}
			b.ReportMetric(1e3*resident.median(), "resident-ms")
			b.ReportMetric(1e3*streamed.median(), "streamed-ms")
			b.ReportMetric(float64(c.batch)/resident.median(), "resident-images/s")
			b.ReportMetric(float64(c.batch)/streamed.median(), "streamed-images/s")
			b.ReportMetric(1e3*alone(b, streamed.train, c.batch), "upload-ms")
			b.ReportMetric(1e3*streamed.waits(), "waited-ms")
		})
	}
}

// A stepper makes steps of one epoch after another, and keeps their times.
type stepper struct {
	*trainer
	in    *epochInput
	done  int
	times []float64

	waited time.Duration // for images, in former epochs
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
	s.take(b, 1)
	s.times = nil
	return s
}

// take makes n steps, waits for the device, and keeps the time of a step.
func (s *stepper) take(b *testing.B, n int) {
	start := time.Now()
	for range n {
		if s.done%s.recipe.Steps() == 0 {
			s.nextEpoch(b)
		}
		s.done++
		if err := s.trainer.step.run(s.state, s.in); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := floats(s.state.meters); err != nil { // waits for the device
		b.Fatal(err)
	}
	s.times = append(s.times, time.Since(start).Seconds()/float64(n))
}

func (s *stepper) nextEpoch(b *testing.B) {
	if s.in != nil {
		_, waited := s.in.images.Waited()
		s.waited += waited
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

// waits is how long a step waited for its images, in the mean.
func (s *stepper) waits() float64 {
	_, now := s.in.images.Waited()
	return (s.waited + now).Seconds() / float64(s.done)
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
