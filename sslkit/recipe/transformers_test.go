package recipe

import (
	"testing"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// TestParametersOfMasked compares the sizes of networks with lightly's. There MAE's
// encoder has a mask token, of 768 numbers, that nothing uses.
func TestParametersOfMasked(t *testing.T) {
	d := testkit.Open(t, device.Go)
	for name, want := range map[string]int{"MAE": 92_541_184 - 768, "SimMIM": 89_779_968} {
		r, err := Find(LightlyHEAD, dataset.Imagenette, name, 256, 200)
		if err != nil {
			t.Fatal(err)
		}
		parameters, _ := count(t, d, r)
		got := 0
		for _, size := range parameters {
			got += size
		}
		if got != want {
			t.Errorf("%s: %d parameters, %v, want %d", name, got, parameters, want)
		}
	}
}

// TestEvalView has the first view's size unless the recipe says another.
func TestEvalView(t *testing.T) {
	r, err := Find(Lightly2023, dataset.Imagenette, "MAE", 256, 200)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.EvalView(); got.Size != 128 || got.Mean != r.Views[0].Mean || r.Views[0].Size != 224 {
		t.Errorf("MAE is evaluated by %+v", got)
	}
	if r.EvalSize = 0; r.EvalView().Size != 224 {
		t.Errorf("without a size of its own it is evaluated at %d pixels, want the view's 224", r.EvalView().Size)
	}
}
