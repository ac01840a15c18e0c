package device_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// TestConvolutionsOfRecipes builds training steps of the published recipes for the CPU, at their full width: oneDNN
// computes all their convolutions, with all gradients. Vision transformers have none. Of the methods that train a network
// on views of the same sizes, which have the same convolutions, there is the first one without a target network, which has
// no gradients, and the first one with it; SSLKIT_LONG has all.
func TestConvolutionsOfRecipes(t *testing.T) {
	d := testkit.CPU(t)
	if !strings.Contains(d.String(), "by oneDNN") {
		t.Skip("convolutions are not oneDNN's here:", d)
	}
	device.OnlyEdit(t)
	seen := map[string]bool{}
	for _, r := range recipe.Published() {
		if _, convolves := r.Backbone.(backbone.ResNet); !convolves {
			continue
		}
		name := fmt.Sprintf("%s/%s/%s", r.Data, r.Preset, method.Name(r.Method))
		_, target := reflect.TypeOf(r.Method).FieldByName("Momentum")
		alike := fmt.Sprint(r.Backbone, slices.Compact(sizes(r)), target)
		first := !seen[alike]
		if seen[name] && !first {
			continue
		}
		seen[name], seen[alike] = true, true
		t.Run(name, func(t *testing.T) {
			if !first {
				testkit.Long(t)
			}
			r.Batch, r.TrainImages, r.TestImages, r.Epochs, r.Eval = 32, 32, 0, 1, eval.KNN{}
			size := r.Views[0].Size
			images := &dataset.Images{Pixels: make([]uint8, 32*size*size*3), Labels: make([]int32, 32), Height: size, Width: size}
			before := d.Compilations()
			_, err := train.Run(t.Context(), r, train.Options{Device: d.Kind, Data: &dataset.Set{Train: images}})
			after := d.Compilations()
			if n := after.ByOneDNN - before.ByOneDNN; n < 59 {
				t.Errorf("oneDNN computes %d convolutions, want those of a ResNet-18 with their gradients (%v)", n, err)
			}
			for _, left := range after.ByXLA[len(before.ByXLA):] {
				t.Errorf("XLA computes %s", left)
			}
		})
	}
}

// sizes are those of a recipe's views, in pixels.
func sizes(r recipe.Recipe) []int {
	var all []int
	for _, v := range r.Views {
		all = append(all, v.Size)
	}
	slices.Sort(all)
	return all
}
