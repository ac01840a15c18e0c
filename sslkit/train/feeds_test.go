package train_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// photos are images of random pixels and of several sizes.
func photos(n int) *dataset.Images {
	images := &dataset.Images{Side: 14, Classes: []string{"even", "odd"}}
	row := 0
	for i := range n {
		f := dataset.Frame{Row: row, Height: 8 + i%7, Width: 8 + i%5}
		if i%9 == 0 {
			f.Width *= 3
		}
		images.Frames = append(images.Frames, f)
		images.Labels = append(images.Labels, int32(i%2))
		row += max(f.Height, f.Width)
	}
	images.Pixels = noise(row, images.Side).Pixels[:row*images.Side*3]
	return images
}

// tiny is a recipe for a network of some weights and views of 8×8 pixels.
func tiny(t *testing.T) recipe.Recipe {
	r := quick(t, 3)
	r.TrainImages, r.TestImages, r.Batch, r.Eval.K = 50, 19, 8, 5
	for i := range r.Views {
		r.Views[i].Size = 8
	}
	return r
}

// tinySets are data for the tiny recipe.
func tinySets(r recipe.Recipe) map[string]*dataset.Set {
	return map[string]*dataset.Set{
		"one size":      {Train: noise(r.TrainImages, 11), Test: noise(r.TestImages, 11)},
		"several sizes": {Train: photos(r.TrainImages), Test: photos(r.TestImages)},
	}
}

// Where the images are kept does not change a bit of the numbers.
func TestFeedsAgree(t *testing.T) {
	r := tiny(t)
	for name, data := range tinySets(r) {
		t.Run(name, func(t *testing.T) {
			var results []*train.Result
			for _, mode := range []feed.Mode{feed.Resident, feed.Streamed} {
				result, err := train.Run(context.Background(), r, train.Options{Device: testkit.Any(t).Kind, Data: data, Feed: mode})
				if err != nil {
					t.Fatalf("%s: %v", mode, err)
				}
				results = append(results, result)
			}
			resident, streamed := results[0], results[1]
			if diff := cmp.Diff(resident.Epochs, streamed.Epochs, numbers); diff != "" {
				t.Errorf("streamed images give other numbers:\n%s", diff)
			}
			if first, last := resident.Epochs[1].Loss, resident.Last().Loss; name == "several sizes" && !(last < first) {
				t.Errorf("loss went from %g to %g, want it to fall", first, last)
			}
		})
	}
}

// A streamed run that was stopped goes on with the images it would have had.
func TestResumeStreamed(t *testing.T) {
	r, kind := tiny(t), device.Go // which compiles in no time
	data := tinySets(r)["several sizes"]
	whole, err := train.Run(context.Background(), r, train.Options{Device: kind, Data: data, Feed: feed.Resident})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	opts := train.Options{Dir: dir, Device: kind, Data: data, Feed: feed.Streamed}
	opts.Report = func(e train.Event) {
		if e.Phase == train.Training && e.Epoch == 2 && e.Step == 3 {
			cancel()
		}
	}
	if _, err := train.Run(ctx, r, opts); err == nil || !strings.Contains(err.Error(), "in epoch 2 after step 3 of 6") {
		t.Fatalf("stopped run returned %v", err)
	}
	rest, err := train.Run(context.Background(), r, opts)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole.Epochs, rest.Epochs, numbers); diff != "" {
		t.Errorf("the resumed run differs from one without a break:\n%s", diff)
	}
}

func TestUnknownFeed(t *testing.T) {
	r := tiny(t)
	_, err := train.Run(context.Background(), r, train.Options{Device: testkit.Any(t).Kind, Data: tinySets(r)["one size"], Feed: "elsewhere"})
	if err == nil || !strings.Contains(err.Error(), `mode "elsewhere"`) {
		t.Errorf("error %v, want one that names the mode", err)
	}
}
