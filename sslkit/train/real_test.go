package train_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

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
