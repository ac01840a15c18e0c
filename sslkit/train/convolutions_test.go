package train

import (
	"fmt"
	"testing"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
)

// TestConvolutionsByOneDNN compiles the steps of the published recipes on the CPU, one of each backbone and size of views,
// in both precisions: oneDNN computes all their convolutions.
func TestConvolutionsByOneDNN(t *testing.T) {
	d := testkit.CPU(t)
	seen := map[string]bool{}
	for _, r := range recipe.Published() {
		kind := fmt.Sprintf("%T %+v, %d pixels", r.Backbone, r.Backbone, r.Views[0].Size)
		if seen[kind] {
			continue
		}
		seen[kind] = true
		for _, precision := range []device.Precision{device.F32, device.BF16} {
			t.Run(fmt.Sprintf("%s/%s/%s", r.Data, r.Backbone, precision), func(t *testing.T) {
				r := r
				r.Batch, r.TrainImages, r.TestImages, r.Precision = 16, 32, r.Eval.K, precision
				r.Eval.K = 1
				size := r.Views[0].Size
				before := d.Compilations()
				tr := &trainer{recipe: r, result: &Result{Recipe: r}}
				defer tr.free()
				data := &dataset.Set{Train: noise(r.TrainImages, size, size), Test: noise(r.TestImages, size, size)}
				if err := tr.prepare(t.Context(), Options{Device: d.Kind, Data: data}); err != nil {
					t.Fatal(err)
				}
				in, err := tr.epochInput(1, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer in.free()
				if _, err := tr.step.compile(tr.state, in); err != nil {
					t.Fatal(err)
				}
				after := d.Compilations()
				if after.ByOneDNN == 0 {
					t.Skip("convolutions are XLA's on this machine:", d)
				}
				if n := after.ByOneDNN - before.ByOneDNN; n < 59 {
					t.Errorf("oneDNN computes %d convolutions, want those of a ResNet-18 with their gradients", n)
				}
				for _, left := range after.ByXLA[len(before.ByXLA):] {
					t.Errorf("XLA computes %s", left)
				}
			})
		}
	}
}
