package train_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// own is a recipe for images of one's own that the pure-Go backend trains in a second.
func own(t *testing.T, set *dataset.Set) recipe.Recipe {
	t.Helper()
	r := quick(t, 2).For(set)
	r.Batch, r.Backbone = 8, backbone.ResNet{Width: 4, Blocks: []int{1}, StemReLU: true, Splits: 1}
	for i := range r.Views {
		r.Views[i].Size = 8
	}
	return r
}

// A run on images without classes measures nothing but itself, and its first
// epochs are those of a run that is measured.
func TestRunWithoutClasses(t *testing.T) {
	labelled := &dataset.Set{Name: "mine", Train: noise(32, 8), Test: noise(10, 8)}
	measured, err := train.Run(t.Context(), own(t, labelled), train.Options{Device: device.Go, Data: labelled})
	if err != nil {
		t.Fatal(err)
	}
	images := *labelled.Train
	images.Classes, images.Labels = nil, make([]int32, 32)
	set, dir := &dataset.Set{Name: "mine", Train: &images}, t.TempDir()

	ctx, stop := context.WithCancel(t.Context())
	opts := train.Options{Dir: dir, Device: device.Go, Data: set, Report: func(e train.Event) {
		if e.Phase == train.Evaluating {
			t.Error("evaluates")
		}
		if e.Phase == train.EpochDone && e.Epoch == 1 {
			stop()
		}
	}}
	if _, err := train.Run(ctx, own(t, set), opts); err == nil || ctx.Err() == nil {
		t.Fatalf("the run was to stop: error %v", err)
	}
	result, err := train.Run(t.Context(), own(t, set), opts)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range result.Epochs {
		if e.KNN != 0 || e.Loss != measured.Epochs[i].Loss {
			t.Errorf("epoch %d: accuracy %g and loss %g, want 0 and %g", i, e.KNN, e.Loss, measured.Epochs[i].Loss)
		}
	}
	if len(result.Epochs) != 3 || result.Best().Epoch != 0 {
		t.Errorf("%d epochs, the best %+v, want 3 and none", len(result.Epochs), result.Best())
	}
	kept, err := train.Open(dir)
	if diff := cmp.Diff(result, kept); diff != "" || err != nil {
		t.Errorf("the folder holds another result (error %v):\n%s", err, diff)
	}
}

// The best of epochs without any hit is the first of them, if there was an accuracy.
func TestBestOfNone(t *testing.T) {
	r := train.Result{Epochs: []train.Epoch{{}, {Epoch: 1, Loss: 2}, {Epoch: 2, Loss: 1}}}
	if best := r.Best(); best.Epoch != 0 || best.KNN != 0 {
		t.Errorf("without an accuracy the best is %+v", best)
	}
	r.Recipe.Eval = eval.KNN{K: 1, Temperature: 1}
	if best := r.Best(); best.Epoch != 1 {
		t.Errorf("the best is %+v, want epoch 1", best)
	}
}

// A linear probe alone is possible.
func TestProbeWithoutKNN(t *testing.T) {
	set := &dataset.Set{Name: "mine", Train: noise(32, 8), Test: noise(10, 8)}
	r := own(t, set)
	r.Epochs, r.Eval, r.Linear = 0, eval.KNN{}, eval.Linear{Epochs: 2, Batch: 8, LR: 0.1}
	result, err := train.Run(t.Context(), r, train.Options{Device: device.Go, Data: set})
	if err != nil || !(result.Linear > 0) || result.Last().KNN != 0 {
		t.Errorf("result %+v, error %v", result, err)
	}
}

// Whoever wants accuracy of images without classes hears what is wrong.
func TestNoClassesToTellApart(t *testing.T) {
	for _, classes := range [][]string{nil, {"all"}} {
		set := &dataset.Set{Name: "mine", Train: noise(32, 8), Test: noise(10, 8)}
		r := own(t, set)
		for _, images := range []*dataset.Images{set.Train, set.Test} {
			images.Classes, images.Labels = classes, make([]int32, images.Len())
		}
		_, err := train.Run(t.Context(), r, train.Options{Device: device.Go, Data: set})
		if err == nil || !strings.Contains(err.Error(), "want at least 2, or neither eval nor linear, as recipe.For has it") {
			t.Errorf("classes %q: error %v", classes, err)
		}
	}
	r := own(t, &dataset.Set{Name: "mine", Train: noise(32, 8), Test: noise(10, 8)})
	if _, err := train.Run(t.Context(), r, train.Options{Device: device.Go}); err == nil || !strings.Contains(err.Error(), "Folder reads images of your own") {
		t.Errorf("images that nobody passes: error %v", err)
	}
	if _, err := train.Run(t.Context(), r, train.Options{Device: device.Go, Data: &dataset.Set{}}); err == nil || !strings.Contains(err.Error(), "have 0 training and 0 test images") {
		t.Errorf("no images: error %v", err)
	}
}

// A run says how many neighbours its accuracy asks where nobody knows it, and where
// that tells little.
func TestRunSaysItsNeighbours(t *testing.T) {
	set := &dataset.Set{Name: "mine", Train: noise(40, 8), Test: noise(10, 8)}
	r := own(t, set)
	r.Epochs = 0
	for k, want := range map[int]string{
		r.Eval.K: "kNN accuracy asks the 20 nearest of 40 training images of 2 classes",
		40:       "tells little: it asks the 40 nearest of 40 training images, and a class has about 20",
	} {
		r.Eval.K = k
		said := ""
		_, err := train.Run(t.Context(), r, train.Options{Device: device.Go, Data: set, Report: func(e train.Event) {
			if e.Phase == train.Notice {
				said += e.Note
			}
		}})
		if err != nil || !strings.Contains(said, want) {
			t.Errorf("k %d: said %q, error %v, want %q", k, said, err, want)
		}
	}
	r.Eval.K = 41
	if _, err := train.Run(t.Context(), r, train.Options{Device: device.Go, Data: set}); err == nil || !strings.Contains(err.Error(), "k is 41, more than the 40") {
		t.Errorf("error %v, want one about k", err)
	}
}
