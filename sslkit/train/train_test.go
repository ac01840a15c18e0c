package train_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// numbers compares epochs without their times and memory.
var numbers = cmpopts.IgnoreFields(train.Epoch{}, "ImagesPerSecond", "TrainSeconds", "PauseSeconds", "KNNSeconds", "MemoryPeak")

// quick is a recipe that compiles in a second or two: most tests here compile often and train little.
func quick(t *testing.T, epochs int) recipe.Recipe {
	t.Helper()
	return quickOf(t, "SimCLR", epochs)
}

func quickOf(t *testing.T, name string, epochs int) recipe.Recipe {
	t.Helper()
	r, err := recipe.Shapes(name)
	if err != nil {
		t.Fatal(err)
	}
	r = recipe.Quick(r)
	r.Backbone, r.Epochs = small(r.Backbone), epochs
	return r
}

// small is a network of the same kind.
func small(net backbone.Backbone) backbone.Backbone {
	if net, ok := net.(backbone.ViT); ok {
		net.Width, net.Depth, net.Heads, net.MLP = 16, 1, 2, 32
		return net
	}
	return backbone.Tiny().Sized(4, 1)
}

func run(t *testing.T, r recipe.Recipe, dir string) *train.Result {
	t.Helper()
	result, err := train.Run(context.Background(), r, train.Options{Dir: dir, Device: testkit.XLA(t).Kind})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestRunLearnsAndReports(t *testing.T) {
	kind := testkit.XLA(t).Kind
	var phases []train.Phase
	result, err := train.Run(context.Background(), quick(t, 3), train.Options{Device: kind, Report: func(e train.Event) {
		if len(phases) == 0 || phases[len(phases)-1] != e.Phase {
			phases = append(phases, e.Phase)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	epoch := []train.Phase{train.Training, train.Evaluating, train.EpochDone}
	want := []train.Phase{train.Preparing, train.Evaluating, train.EpochDone}
	for range 3 {
		want = append(want, epoch...)
	}
	if diff := cmp.Diff(append(want, train.Finished), phases); diff != "" {
		t.Errorf("phases (-want +got):\n%s", diff)
	}
	if len(result.Epochs) != 4 || result.Epochs[0].Epoch != 0 || result.Last().Epoch != 3 {
		t.Fatalf("epochs %+v, want the untrained network and three", result.Epochs)
	}
	if first, last := result.Epochs[1].Loss, result.Last().Loss; !(last < first) {
		t.Errorf("loss went from %g to %g, want it to fall", first, last)
	}
	if result.Memory.Peak <= 0 || result.CompileSeconds <= 0 || result.Device == "" {
		t.Errorf("incomplete result %+v", result)
	}
}

func TestOtherSeedOtherNumbers(t *testing.T) {
	r := quick(t, 1)
	first := run(t, r, "")
	r.Seed++
	if other := run(t, r, ""); other.Last().Loss == first.Last().Loss {
		t.Error("another seed gives the same loss")
	}
}

// Half precision learns as float32 does, in both forms of the network.
func TestBF16(t *testing.T) {
	for _, largeStem := range []bool{false, true} {
		t.Run(fmt.Sprintf("large_stem=%t", largeStem), func(t *testing.T) {
			losses := map[device.Precision]float64{}
			for _, precision := range []device.Precision{device.BF16, device.F32} {
				r := quick(t, 2)
				net := r.Backbone.(backbone.ResNet)
				net.LargeStem = largeStem
				r.Precision, r.Backbone = precision, net
				losses[precision] = run(t, r, "").Last().Loss
			}
			if a, b := losses[device.BF16], losses[device.F32]; math.Abs(a-b) > 0.1*b {
				t.Errorf("loss %g in bf16 and %g in f32", a, b)
			}
		})
	}
}

// The pure-Go backend needs no plugin: this run works on every machine.
func TestGoBackend(t *testing.T) {
	r := quick(t, 2)
	r.TrainImages, r.TestImages, r.Batch, r.Eval.K = 32, 10, 8, 5
	r.Backbone = backbone.ResNet{Width: 4, Blocks: []int{1}, StemReLU: true, Splits: 1}
	for i := range r.Views {
		r.Views[i].Size = 8
	}
	data := &dataset.Set{Train: noise(r.TrainImages, 8), Test: noise(r.TestImages, 8)}
	dir := t.TempDir()
	result, err := train.Run(context.Background(), r, train.Options{Dir: dir, Device: device.Go, Data: data})
	if err != nil {
		t.Fatal(err)
	}
	if first, last := result.Epochs[1].Loss, result.Last().Loss; !(last < first) {
		t.Errorf("loss went from %g to %g, want it to fall", first, last)
	}
	kept, err := train.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(result, kept); diff != "" {
		t.Errorf("the folder holds another result:\n%s", diff)
	}
}

// noise are images of random pixels.
func noise(n, size int) *dataset.Images {
	random := rand.New(rand.NewPCG(uint64(n), 0))
	images := &dataset.Images{Height: size, Width: size, Classes: []string{"even", "odd"}}
	for i := range n {
		images.Labels = append(images.Labels, int32(i%2))
		for range size * size * 3 {
			images.Pixels = append(images.Pixels, uint8(random.UintN(256)))
		}
	}
	return images
}

// A recipe's linear probe is fitted once, after the last epoch, and kept.
func TestLinearProbe(t *testing.T) {
	r, dir := quick(t, 1), t.TempDir()
	r.Linear = eval.Linear{Epochs: 20, Batch: 32, LR: 0.1, Momentum: 0.9}
	first := run(t, r, dir)
	if first.Linear <= 0.1 || first.Linear > 1 {
		t.Errorf("the linear probe has accuracy %g, want more than chance", first.Linear)
	}
	opened, err := train.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again := run(t, r, dir).Linear; opened.Linear != first.Linear || again != first.Linear {
		t.Errorf("the probe's accuracy was %g, the folder has %g, and a second run says %g", first.Linear, opened.Linear, again)
	}
	if without := run(t, quick(t, 1), ""); without.Linear != 0 {
		t.Errorf("a recipe without a probe has accuracy %g", without.Linear)
	}
}

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
	if len(result.Epochs) != 3 || !cmp.Equal(result.Best(), train.Epoch{}) {
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
	if best := r.Best(); !cmp.Equal(best, train.Epoch{}) {
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

// A run without a folder that is stopped in its linear probe has done all its epochs.
func TestProbeStops(t *testing.T) {
	set := &dataset.Set{Name: "mine", Train: noise(32, 8), Test: noise(10, 8)}
	r := own(t, set)
	r.Epochs, r.Linear = 1, eval.Linear{Epochs: 2, Batch: 8, LR: 0.1}
	ctx, stop := context.WithCancel(t.Context())
	_, err := train.Run(ctx, r, train.Options{Device: device.Go, Data: set, Report: func(e train.Event) {
		if e.Note == "linear probe" {
			stop()
		}
	}})
	if want := "train: stopped after epoch 1: context canceled"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
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

// A short run on photographs must already know more than an untrained network.
func TestRealCIFAR10(t *testing.T) {
	kind := testkit.XLA(t).Kind
	r, err := recipe.CIFAR10("SimCLR")
	if err != nil {
		t.Fatal(err)
	}
	const batch = 100
	r.LR.From *= float64(batch) / float64(r.Batch)
	r.TrainImages, r.TestImages, r.Epochs, r.Batch = 5_000, 1_000, 2, batch
	r.Backbone, r.Precision = backbone.Tiny(), device.F32
	data, err := dataset.Load(context.Background(), r.Data, r.TrainImages, r.TestImages, nil)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("needs CIFAR-10: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	result, err := train.Run(context.Background(), r, train.Options{Device: kind, Data: data})
	if err != nil {
		t.Fatal(err)
	}
	if first, last := result.Epochs[1].Loss, result.Last().Loss; !(last < first-0.05) {
		t.Errorf("loss went from %.3f to %.3f, want it to fall", first, last)
	}
	if got := result.Best().KNN; !(got > result.Untrained()+0.02) {
		t.Errorf("kNN accuracy went from %.3f to %.3f, want it to rise", result.Untrained(), got)
	}
}
