package train_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// Of each image the masked patches, and no others, differ from the view in both pictures. Images
// depend on no others, and another seed draws other ones.
func TestReconstruct(t *testing.T) {
	set, err := dataset.DrawShapes(1, 5, 0)
	if err != nil {
		t.Fatal(err)
	}
	kind := testkit.Any(t).Kind
	for _, m := range method.All() {
		if _, ok := m.(method.Reconstructor); !ok {
			continue
		}
		name := method.Name(m)
		r := quickOf(t, name, 1)
		w, err := train.InitialWeights(r)
		if err != nil {
			t.Fatal(err)
		}
		made, err := w.Reconstruct(t.Context(), kind, set.Train, 3)
		if err != nil {
			t.Fatal(err)
		}
		checkPatches(t, r, made)
		if !slices.Equal(made.Views.Labels, set.Train.Labels) || made.Filled.Validate() != nil {
			t.Errorf("%s: labels %v, want %v; %v", name, made.Views.Labels, set.Train.Labels, made.Filled.Validate())
		}
		fewer, err := w.Reconstruct(t.Context(), kind, set.Train.First(2), 3)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(fewer.Masked.Pixels, made.Masked.First(2).Pixels) {
			t.Errorf("%s: masks depend on other images", name)
		}
		other, err := w.Reconstruct(t.Context(), kind, set.Train, 4)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(other.Masked.Pixels, made.Masked.Pixels) || bytes.Equal(other.Views.Pixels, made.Views.Pixels) {
			t.Errorf("%s: another seed draws the same", name)
		}
	}
}

// checkPatches compares which patches are of one grey, and which are predicted.
func checkPatches(t *testing.T, r recipe.Recipe, made *train.Reconstruction) {
	t.Helper()
	net := r.Backbone.(backbone.ViT)
	places, want := net.Tokens(32, 32)-1, 0
	for i := range made.Views.Len() {
		view, masked, filled := made.Views.At(i), made.Masked.At(i), made.Filled.At(i)
		changed, guessed := 0, 0
		for place := range places {
			whole, grey, guess := patchOf(view, place, net.Patch), patchOf(masked, place, net.Patch), patchOf(filled, place, net.Patch)
			if !bytes.Equal(whole, grey) {
				changed++
			}
			if !bytes.Equal(whole, guess) {
				guessed++
				if slices.Min(grey) != slices.Max(grey) {
					t.Errorf("%s: image %d: patch %d is predicted, and not grey where it is masked", r.Name, i, place)
				}
			}
		}
		if i == 0 {
			want = changed
		}
		if changed != want || guessed != want || want < places/3 || want == places {
			t.Errorf("%s: image %d: %d patches of %d are masked and %d predicted, want %d, as of the first", r.Name, i, changed, places, guessed, want)
		}
	}
}

// patchOf is a patch of an image of 32×32 pixels.
func patchOf(image []uint8, place, size int) []uint8 {
	var patch []uint8
	row, column := place/(32/size)*size, place%(32/size)*size
	for y := row; y < row+size; y++ {
		patch = append(patch, image[3*(32*y+column):3*(32*y+column+size)]...)
	}
	return patch
}

func TestReconstructWantsAMethodThatMasks(t *testing.T) {
	w, err := train.InitialWeights(quick(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Reconstruct(t.Context(), "", nil, 0); err == nil || !strings.Contains(err.Error(), "SimCLR predicts no masked patches") {
		t.Errorf("error %v, want one about the method", err)
	}
}
