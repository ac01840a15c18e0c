package main

import (
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gossl/gossl/sslkit/device"
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
	images, epochs, dinoImages, dinoEpochs, kind = 200, 1, 200, 1, device.CPU
	main()
	main() // finds its runs complete
	for _, name := range []string{"MAE", "DINO"} {
		result, err := train.Open(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if result.Last().Epoch != 1 || result.Last().Warning != "" {
			t.Errorf("%s: %d epochs, warning %q", name, result.Last().Epoch, result.Last().Warning)
		}
	}
}

// Patches are moved apart, and nothing else.
func TestCut(t *testing.T) {
	pictures := Pictures(2)
	cut := Cut(pictures, 4)
	if err := cut.Validate(); err != nil || cut.Width != 39 {
		t.Fatalf("width %d, want 39; %v", cut.Width, err)
	}
	at := func(x, y int) []uint8 { return cut.At(1)[3*(39*y+x):][:3] }
	for _, p := range [][4]int{{0, 0, 0, 0}, {3, 3, 3, 3}, {5, 0, 4, 0}, {38, 38, 31, 31}, {10, 21, 8, 17}} {
		if want := pictures.At(1)[3*(32*p[3]+p[2]):][:3]; !slices.Equal(at(p[0], p[1]), want) {
			t.Errorf("pixel %d, %d is %v, want %v", p[0], p[1], at(p[0], p[1]), want)
		}
	}
	if white := []uint8{255, 255, 255}; !slices.Equal(at(4, 7), white) || !slices.Equal(at(7, 34), white) {
		t.Error("no gap between patches")
	}
}

// A place is most like itself, and less like those that are farther away in its row.
func TestNear(t *testing.T) {
	near := Near(27) // row 3, column 3
	if most := slices.Max(near); near[27] != most {
		t.Errorf("patch 27 has %g, another %g", near[27], most)
	}
	for column := 4; column < 6; column++ {
		if near[3*8+column] >= near[3*8+column-1] {
			t.Errorf("column %d is as near as column %d", column, column-1)
		}
	}
}

func TestFocus(t *testing.T) {
	even, one := []float32{0.2, 0.2, 0.2, 0.2}, []float32{0, 0.6, 0, 0} // four patches, and the class token
	maps := [][][]float32{{even, one, even, even}, {even, even, even, one}}
	for h, want := range []float64{1, 2, 1, 2} {
		if got := Focus(maps)[h]; math.Abs(got-want) > 1e-6 {
			t.Errorf("head %d: focus %g, want %g", h, got, want)
		}
	}
}
