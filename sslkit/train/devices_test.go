package train_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// onSeveral is a recipe of a method that compiles fast, whose batches divide into eight.
func onSeveral(t *testing.T, name string) (recipe.Recipe, *dataset.Set) {
	t.Helper()
	r := quickOf(t, name, 1)
	r.TrainImages, r.TestImages, r.Batch, r.Eval.K = 32, 19, 16, 5
	if net, isResNet := r.Backbone.(backbone.ResNet); isResNet {
		net.Width, net.Blocks = 4, []int{1}
		if name == "MoCo" {
			net.Splits = 2 // with its shuffling: neither is what devices have
		}
		r.Backbone = net
		for i := range r.Views {
			r.Views[i].Size = 8
		}
	}
	if name == "VICRegL" || name == "SimSiam" { // VICRegL pairs what is nearest, and in float32 rounding decides some of that
		r.Precision = device.F64
	}
	if name != "SimCLR" { // which has the rest
		r.Eval = eval.KNN{}
		for i := range r.Views {
			r.Views[i] = r.Views[i].CropAndFlip()
		}
	}
	return r, &dataset.Set{Train: noise(r.TrainImages, 11), Test: noise(r.TestImages, 11)}
}

// sameNumbers compares a run on several devices with one on one.
func sameNumbers(t *testing.T, several, one *train.Result) {
	t.Helper()
	if len(several.Epochs) != len(one.Epochs) {
		t.Fatalf("%d epochs, want %d", len(several.Epochs), len(one.Epochs))
	}
	tolerance := 1e-5
	if one.Recipe.Precision == device.F64 {
		tolerance = 1e-10
	}
	for i, want := range one.Epochs {
		got := several.Epochs[i]
		near := func(what string, got, want float64) {
			if math.Abs(got-want) > tolerance*math.Max(math.Abs(want), 1) {
				t.Errorf("epoch %d: %s %.9g, on one device %.9g", i, what, got, want)
			}
		}
		near("loss", got.Loss, want.Loss)
		near("gradient", got.GradientNorm, want.GradientNorm)
		near("spread", got.EmbeddingSpread, want.EmbeddingSpread)
		for name, value := range want.Meters {
			near(name, got.Meters[name], value)
		}
		if i == 0 && got.KNN != want.KNN {
			t.Errorf("kNN accuracy of the untrained network %g, on one device %g", got.KNN, want.KNN)
		}
	}
}

// Every method learns on eight devices what it learns on one: it sees the statistics of the
// whole batch and all negatives, and the gradient is that of the whole loss.
func TestDevicesEveryMethod(t *testing.T) {
	testkit.CPU(t)
	for _, m := range method.All() {
		name := method.Name(m)
		t.Run(name, func(t *testing.T) {
			r, data := onSeveral(t, name)
			var results []*train.Result
			for _, n := range []int{1, 8} {
				result, err := train.Run(t.Context(), r, train.Options{Device: device.CPU, Devices: n, Data: data, Feed: feed.Resident})
				if err != nil {
					t.Fatal(err)
				}
				results = append(results, result)
			}
			sameNumbers(t, results[1], results[0])
		})
	}
}

// onDevices runs a recipe.
func onDevices(t *testing.T, r recipe.Recipe, n int, options train.Options) *train.Result {
	t.Helper()
	options.Device, options.Devices = device.CPU, n
	result, err := train.Run(t.Context(), r, options)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// A run that was begun on eight devices is taken up on two, and then on one: a checkpoint
// knows nothing of devices.
func TestDevicesResume(t *testing.T) {
	testkit.CPU(t)
	r, data := onSeveral(t, "SimCLR")
	r.Epochs = 3
	one := onDevices(t, r, 1, train.Options{Data: data})
	options := train.Options{Dir: t.TempDir(), Data: data, Device: device.CPU, Devices: 8}
	stopAfter(t, r, options, 1, 1)
	options.Devices = 2
	stopAfter(t, r, options, 2, 1)
	sameNumbers(t, onDevices(t, r, 1, options), one)
}

// Each of several devices is fed its part of every batch, of images of one size and of
// several; or all images are on each, or a part of them, of which one device has less here.
func TestDevicesFeeds(t *testing.T) {
	testkit.CPU(t)
	r, _ := onSeveral(t, "SimCLR")
	r.TrainImages = 34
	for name, test := range map[string]struct {
		data  *dataset.Set
		modes []feed.Mode
	}{
		"one size":      {&dataset.Set{Train: noise(r.TrainImages, 11), Test: noise(r.TestImages, 11)}, []feed.Mode{feed.Resident, feed.Split, feed.Streamed}},
		"several sizes": {&dataset.Set{Train: photos(r.TrainImages), Test: photos(r.TestImages)}, []feed.Mode{feed.Resident, feed.Streamed}},
	} {
		t.Run(name, func(t *testing.T) {
			one := onDevices(t, r, 1, train.Options{Data: test.data, Feed: feed.Resident})
			for _, mode := range test.modes {
				sameNumbers(t, onDevices(t, r, 4, train.Options{Data: test.data, Feed: mode}), one)
			}
		})
	}
}

// Statistics of a batch's parts are those of the recipe, whether the parts are on devices of
// their own or not.
func TestDevicesNormParts(t *testing.T) {
	testkit.CPU(t)
	r, data := onSeveral(t, "SimCLR")
	r.Precision = device.F64 // of four images statistics are too few to be near in float32
	whole := onDevices(t, r, 1, train.Options{Data: data})
	r.NormParts = 4
	one := onDevices(t, r, 1, train.Options{Data: data})
	if one.Last().Loss == whole.Last().Loss {
		t.Error("statistics of parts are those of the whole batch")
	}
	sameNumbers(t, onDevices(t, r, 4, train.Options{Data: data}), one)
}

func TestDevicesErrors(t *testing.T) {
	r, data := onSeveral(t, "SimCLR")
	for n, want := range map[int]string{
		3:  "devices: 3 for batches of 16 images, want a number that divides them evenly",
		-1: "devices: -1 for batches of 16 images",
	} {
		if err := train.Check(r, train.Options{Devices: n}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d devices: error %v, want %q", n, err, want)
		}
	}
	_, err := train.Run(t.Context(), r, train.Options{Device: device.Go, Devices: 2, Data: data})
	if want := "2 devices are wanted, and the pure-Go backend is one"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("two of one device: error %v, want %q", err, want)
	}
	r.NormParts = 3
	if err := r.Validate(); err == nil || !strings.Contains(err.Error(), "norm_parts is 3, want 0, or a number that divides the batch of 16") {
		t.Errorf("three parts of sixteen images: error %v", err)
	}
}
