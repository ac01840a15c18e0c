package train_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
	"github.com/gossl/gossl/sslkit/train"
)

// A frozen part of the network is after its epochs as it was before, and no longer
// after the next step.
func TestFreeze(t *testing.T) {
	set := &dataset.Set{Name: "mine", Train: noise(32, 8), Test: noise(10, 8)}
	r := own(t, set)
	r.Optim, r.LR = tried[2], schedule.Constant(0.01)
	r.Freeze = []optim.Freeze{{Path: "online/projector", Epochs: 1}}
	before, err := train.InitialWeights(r)
	if err != nil {
		t.Fatal(err)
	}
	for step, frozen := range map[int]bool{r.Steps(): true, r.Steps() + 1: false} {
		options := train.Options{Dir: t.TempDir(), Device: device.Go, Data: set}
		stopAfter(t, r, options, 1+(step-1)/r.Steps(), 1+(step-1)%r.Steps())
		after, err := train.ReadWeights(options.Dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range after.Variables.Params() {
			part := func(w *train.Weights) []float32 {
				var narrow []float32
				for _, x := range w.Params[v.Offset : v.Offset+v.Size()] {
					narrow = append(narrow, float32(x))
				}
				return narrow
			}
			if same := cmp.Equal(part(before), part(after)); same != (frozen && strings.HasPrefix(v.Path, "online/projector/")) {
				t.Errorf("after step %d: it is %t that %s is as before", step, same, v.Path)
			}
		}
	}
	r.Freeze[0].Path = "online/prototypes"
	if _, err := train.Run(t.Context(), r, train.Options{Device: device.Go, Data: set}); err == nil ||
		!strings.Contains(err.Error(), "freeze: the model has no parameter online/prototypes") {
		t.Errorf("a part that there is not: error %v", err)
	}
}

// The norm of the gradient is that of what is trained: 0 where all is frozen, and
// without the frozen part's less than with it.
func TestGradientNormOfWhatIsTrained(t *testing.T) {
	set := &dataset.Set{Name: "mine", Train: noise(32, 8), Test: noise(10, 8)}
	norm := func(frozen ...string) float64 {
		r := own(t, set)
		r.Batch, r.LR = 32, schedule.Constant(0.01) // one step
		for _, path := range frozen {
			r.Freeze = append(r.Freeze, optim.Freeze{Path: path, Epochs: 1})
		}
		result, err := train.Run(t.Context(), r, train.Options{Device: device.Go, Data: set})
		if err != nil {
			t.Fatal(err)
		}
		return result.Epochs[1].GradientNorm
	}
	all, backbone, projector := norm(), norm("online/projector"), norm("online/backbone")
	if both := math.Hypot(backbone, projector); !(backbone > 0 && projector > 0) || math.Abs(both/all-1) > 1e-5 {
		t.Errorf("gradient norms %g of the backbone and %g of the projector, together %g, want %g", backbone, projector, both, all)
	}
	if none := norm("online"); none != 0 {
		t.Errorf("all is frozen, and the gradient norm is %g", none)
	}
}
