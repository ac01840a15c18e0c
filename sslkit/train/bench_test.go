package train

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
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
