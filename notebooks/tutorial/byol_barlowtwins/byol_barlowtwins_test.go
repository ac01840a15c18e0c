package main

import (
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/train"
)

// The cells run one after the other, as in the notebook.
func TestCells(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: trains")
	}
	if _, err := device.Open(device.CPU); errors.Is(err, fs.ErrNotExist) {
		t.Skip(err)
	}
	t.Chdir(t.TempDir())
	images, epochs, more, every, kind = 400, 1, 400, 3, device.CPU
	main()
	main() // finds its runs complete
	for _, momentum := range momenta {
		seen := Kept(BYOL(momentum).Name)
		first, last := seen[0], seen[len(seen)-1]
		if math.Abs(float64(first.Values[0])-1) > 1e-3 {
			t.Errorf("momentum %g: before the first step the cosine is %g, want 1", momentum, first.Values[0])
		}
		if last.Step != BYOL(momentum).Steps() || last.Values[0] > 0.99999 {
			t.Errorf("momentum %g: after %d steps the cosine is %g, want less than 1 after %d", momentum, last.Step, last.Values[0], BYOL(momentum).Steps())
		}
	}
	dim := BarlowTwins().Method.(method.BarlowTwins).Projector.Out
	for _, s := range Kept(BarlowTwins().Name) {
		if len(s.Values) != dim*dim || slices.Max(s.Values) > 1.001 || slices.Min(s.Values) < -1.001 {
			t.Errorf("after %d steps %d numbers from %g to %g, want %d² correlations", s.Step, len(s.Values), slices.Min(s.Values), slices.Max(s.Values), dim)
		}
	}
	result, err := train.Open(filepath.Join(folder, BarlowTwins().Name))
	if err != nil {
		t.Fatal(err)
	}
	if result.Last().Epoch != 1 {
		t.Errorf("epoch %d is the last one, want 1", result.Last().Epoch)
	}
}

func TestSizes(t *testing.T) {
	on, off := Sizes([]float32{1, -0.5, 0.25, 0.5})
	if on != 0.75 || off != 0.375 {
		t.Errorf("mean %g on the diagonal and size %g beside it, want 0.75 and 0.375", on, off)
	}
}
