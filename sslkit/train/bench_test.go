package train

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
)

// BenchmarkStep times whole training steps of SimCLR with ResNet-18 on 32×32
// images, augmentation included, compilation not.
func BenchmarkStep(b *testing.B) {
	kind := testkit.XLA(b).Kind
	for _, c := range []struct {
		width, batch int
		precision    device.Precision
	}{
		{8, 64, device.F32}, {16, 64, device.F32}, {16, 128, device.F32}, {16, 64, device.BF16},
	} {
		b.Run(fmt.Sprintf("width=%d/batch=%d/precision=%s", c.width, c.batch, c.precision), func(b *testing.B) {
			r, err := recipe.CIFAR10("SimCLR")
			if err != nil {
				b.Fatal(err)
			}
			const steps = 8
			r.TrainImages, r.TestImages, r.Batch = steps*c.batch, r.Eval.K, c.batch
			r.Backbone.Width, r.Precision = c.width, c.precision
			data, err := dataset.Load(dataset.Shapes, r.TrainImages, r.TestImages)
			if err != nil {
				b.Fatal(err)
			}
			t := &trainer{recipe: r, result: &Result{Recipe: r}}
			if err := t.prepare(Options{Device: kind, Data: data}); err != nil {
				b.Fatal(err)
			}
			defer t.free()
			in, err := t.epochInput(1)
			if err != nil {
				b.Fatal(err)
			}
			defer in.free()
			done := 0
			step := func() {
				if done%steps == 0 {
					if err := t.resetCounters(t.state); err != nil {
						b.Fatal(err)
					}
				}
				done++
				if err := t.step.run(t.state, in); err != nil {
					b.Fatal(err)
				}
				if _, err := floats(t.state.meters); err != nil { // waits for the device
					b.Fatal(err)
				}
			}
			step()
			var times []float64
			for b.Loop() {
				start := time.Now()
				step()
				times = append(times, time.Since(start).Seconds())
			}
			slices.Sort(times)
			b.ReportMetric(float64(c.batch)/times[len(times)/2], "images/s") // by the median: machines are noisy
			b.ReportMetric(1e3*times[len(times)/2], "median-ms")
			b.ReportMetric(1e3*times[0], "min-ms")
		})
	}
}
