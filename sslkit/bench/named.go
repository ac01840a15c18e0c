package bench

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
)

// Named returns the recipe of a row by its [ID], of which all but the method may be
// left out: "SimCLR" is lightly2023's recipe for CIFAR-10 at batch 512 for 200
// epochs, "imagenette-BYOL-b128" that for ImageNette at another batch, and
// "shapes-MoCo" that for drawn images, which has one size. Letters before numbers are
// those of an ID: b batch, e epochs, s seed, i and t images, w width, k neighbours;
// f32 is another precision.
func Named(name string) (recipe.Recipe, error) {
	w := words{plan: Default(dataset.CIFAR10), said: map[string]string{}}
	w.plan.Methods, w.plan.Batches = nil, nil
	for _, word := range strings.Split(name, "-") {
		if err := w.read(word); err != nil {
			return recipe.Recipe{}, fmt.Errorf("bench: recipe %q: %w", name, err)
		}
	}
	r, err := w.recipe()
	if err != nil {
		return recipe.Recipe{}, fmt.Errorf("bench: recipe %q: %w", name, err)
	}
	return r, nil
}

// words are the parts of a name as a plan of one run.
type words struct {
	plan Plan
	seed uint64
	k    int               // neighbours; 0: as the plan has them
	size bool              // something is said that recipes for drawn images have no choice of
	said map[string]string // by what they say: "data", "preset", "precision", or a letter
}

// once refuses a word where another has said the same thing.
func (w *words) once(what, word string) error {
	if before, ok := w.said[what]; ok {
		return fmt.Errorf("%q and %q: want one of them", before, word)
	}
	w.said[what] = word
	return nil
}

// read takes one word of a name.
func (w *words) read(word string) error {
	for _, data := range []dataset.Name{dataset.CIFAR10, dataset.Imagenette, dataset.Shapes} {
		if word == string(data) {
			w.plan.Data = data
			return w.once("data", word)
		}
	}
	for _, preset := range recipe.Presets() {
		if word == string(preset) {
			w.plan.Preset, w.size = preset, true
			return w.once("preset", word)
		}
	}
	for _, name := range allMethods() {
		if strings.EqualFold(word, name) {
			w.plan.Methods = append(w.plan.Methods, name)
			return nil
		}
	}
	if precision := device.Precision(word); word != "" && precision.Validate() == nil {
		w.plan.Scale.Precision, w.size = precision, true
		return w.once("precision", word)
	}
	return w.number(word)
}

// allMethods lists the methods that some recipe has.
func allMethods() []string {
	var names []string
	for _, m := range method.All() {
		names = append(names, method.Name(m))
	}
	return names
}

// number takes a letter with a number.
func (w *words) number(word string) error {
	n := -1
	if word != "" {
		n, _ = strconv.Atoi(word[1:]) // 0 is refused where it makes no sense
	}
	least := 1
	set := map[byte]func(){
		'b': func() { w.plan.Batches = []int{n} },
		'e': func() { w.plan.Epochs = []int{n} },
		'i': func() { w.plan.Scale.TrainImages = n },
		't': func() { w.plan.Scale.TestImages = n },
		'w': func() { w.plan.Scale.Width = n },
		'k': func() { w.k = n },
	}[(word + " ")[0]]
	if strings.HasPrefix(word, "s") {
		least, set = 0, func() { w.seed = uint64(n) }
	}
	if set == nil || n < least || word != word[:1]+strconv.Itoa(n) {
		return fmt.Errorf("%q is no data set, preset, method or size: want for example SimCLR, or cifar10-seed2021-BYOL-b128-e800-s0", word)
	}
	w.size = w.size || word[0] != 's'
	set()
	return w.once(word[:1], word)
}

// recipe is what the words say together.
func (w *words) recipe() (recipe.Recipe, error) {
	if len(w.plan.Methods) != 1 {
		return recipe.Recipe{}, fmt.Errorf("want one method of %s", strings.Join(allMethods(), ", "))
	}
	if w.plan.Data == dataset.Shapes {
		if w.size {
			return recipe.Recipe{}, fmt.Errorf("a recipe for %s has one size and no preset: want shapes-%s", dataset.Shapes, w.plan.Methods[0])
		}
		r, err := recipe.Shapes(w.plan.Methods[0])
		r.Seed = w.seed
		return r, err
	}
	if w.plan.Batches == nil {
		w.plan.Batches = Default(w.plan.Data).Batches
	}
	recipes, err := w.plan.Recipes()
	if err != nil {
		return recipe.Recipe{}, err
	}
	r := recipes[0]
	r.Seed, r.Eval.K = w.seed, cmp.Or(w.k, r.Eval.K)
	return r, r.Validate()
}
