package train_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
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
var numbers = cmpopts.IgnoreFields(train.Epoch{}, "ImagesPerSecond", "TrainSeconds", "KNNSeconds", "MemoryPeak")

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
	r.Backbone = backbone.Tiny().Sized(4, 1)
	r.Epochs = epochs
	return r
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
