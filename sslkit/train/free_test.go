package train

import (
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
)

// What was compiled for a run is given back when it ends, not when the garbage
// collector sees it: that knows nothing of a device's memory.
func TestFreeEndsPrograms(t *testing.T) {
	r, err := recipe.Shapes("SimCLR")
	if err != nil {
		t.Fatal(err)
	}
	r = recipe.Quick(r)
	set := &dataset.Set{Name: "mine", Train: noise(32, 8, 8), Test: noise(4, 8, 8)}
	r = r.For(set)
	r.Batch, r.Backbone, r.Eval = 8, backbone.Tiny().Sized(4, 1), eval.KNN{K: 1, Temperature: 1}
	run := &trainer{recipe: r, result: &Result{Recipe: r}}
	look := &Look{
		Every: 1, See: func(int, []float32) error { return nil },
		Build: func(step method.Step) *graph.Node { return step.Full[0] },
	}
	if err := run.prepare(t.Context(), Options{Device: device.Go, Data: set, Look: look}); err != nil {
		t.Fatal(err)
	}
	if err := run.look(0); err != nil {
		t.Fatal(err)
	}
	if _, err := run.eval.accuracy(t.Context(), run.state); err != nil {
		t.Fatal(err)
	}
	run.free()
	images, err := feed.Open(run.device, set.Train, feed.Resident)
	if err != nil {
		t.Fatal(err)
	}
	defer images.Free()
	params, buffers := initial(run.step.layout.vars, r)
	flat := func(values []float64) *tensors.Tensor {
		x, err := run.step.vector(values)
		if err != nil {
			t.Fatal(err)
		}
		return x[0]
	}
	features := tensors.FromValue([][]float32{{1, 2}, {3, 4}})
	for what, use := range map[string]func() error{
		"step": func() error { return run.step.exec.PreCompile(int32(0)) },
		"look": func() error { return run.looker.exec.PreCompile(int32(0)) },
		"embedder": func() error {
			_, err := run.eval.embedder.Embed(t.Context(), flat(params), flat(buffers), images)
			return err
		},
		"classifier": func() error {
			_, err := run.eval.classifier.Predict(t.Context(), features, features, tensors.FromValue([]int32{0, 1}))
			return err
		},
	} {
		if err := use(); err == nil || !strings.Contains(err.Error(), "finalize") {
			t.Errorf("%s: error %v after the run, want one that it is finalized", what, err)
		}
	}
}
