package train_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// mine are images of two classes that every network tells apart: dark and bright ones.
func mine() *dataset.Set {
	split := func(n int) *dataset.Images {
		images := noise(n, 8)
		images.Classes = []string{"bright", "dark"}
		for i, label := range images.Labels {
			pixels := images.At(i)
			for p := range pixels {
				pixels[p] = pixels[p]/8 + uint8(200*(1-label))
			}
		}
		return images
	}
	return &dataset.Set{Name: "mine", Train: split(32), Test: split(10)}
}

// renamed are images whose classes have other names, or the same in another order.
func renamed(images *dataset.Images, classes []string, labels ...int32) *dataset.Images {
	other := *images
	other.Classes, other.Labels = classes, slices.Clone(images.Labels)
	for i, label := range other.Labels {
		other.Labels[i] = labels[label]
	}
	return &other
}

func trainMine(t *testing.T, r recipe.Recipe, set *dataset.Set, dir string, report func(train.Event)) (*train.Result, error) {
	t.Helper()
	return train.Run(t.Context(), r, train.Options{Dir: dir, Device: device.Go, Data: set, Report: report})
}

// Accuracy does not depend on where a class stands among the others, nor on classes
// that one of the splits does not have.
func TestClassesOfSplitsAreMatchedByName(t *testing.T) {
	set := mine()
	r := own(t, set)
	r.Epochs = 0
	accuracy := func(test *dataset.Images) (float64, error) {
		result, err := trainMine(t, r, &dataset.Set{Name: set.Name, Train: set.Train, Test: test}, "", nil)
		if err != nil {
			return 0, err
		}
		return result.Untrained(), nil
	}
	for what, test := range map[string]*dataset.Images{
		"the same order": set.Test,
		"another order":  renamed(set.Test, []string{"dark", "bright"}, 1, 0),
		"one new":        renamed(set.Test, []string{"bright", "dim", "dark"}, 0, 2),
		"no names":       renamed(set.Test, nil, 0, 1),
		"empty names":    renamed(set.Test, []string{"", ""}, 0, 1),
	} {
		if got, err := accuracy(test); err != nil || got != 1 {
			t.Errorf("%s: accuracy %g, error %v, want 1", what, got, err)
		}
	}
	some := set.Test.Pick(1, 3, 5, 7, 9, 1, 3, 5, 7, 9) // dark ones
	if got, err := accuracy(renamed(some, []string{"dark"}, 9, 0)); err != nil || got != 1 {
		t.Errorf("one missing: accuracy %g, error %v, want 1", got, err)
	}
	for want, test := range map[string]*dataset.Images{
		`train: test and training images: classes are matched by name: only the first have "dim", only the second "bright"`: renamed(
			set.Test, []string{"dim", "dark"}, 0, 1),
		"train: test images: dataset: image 1: label 2, want 0 to 1": renamed(set.Test, []string{"bright", "dark"}, 0, 2),
		"train: the recipe's eval and linear compare classes, and the test images have none: want classes, or neither eval nor linear": renamed(
			set.Test, nil, 0, 0),
		"train: test and training images: image 1: label 5, want 0 to 1": renamed(set.Test, nil, 0, 5),
	} {
		if _, err := accuracy(test); err == nil || err.Error() != want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// begun returns a folder with a run that was stopped after its first epoch.
func begun(t *testing.T, r recipe.Recipe, set *dataset.Set) string {
	t.Helper()
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	_, err := train.Run(ctx, r, train.Options{Dir: dir, Device: device.Go, Data: set, Report: func(e train.Event) {
		if e.Phase == train.EpochDone && e.Epoch == 1 {
			stop()
		}
	}})
	if err == nil {
		t.Fatal("the run was to stop")
	}
	return dir
}

// A run goes on with its own images only, and a finished one is not taken for one on others.
func TestRunFolderKnowsItsImages(t *testing.T) {
	set := mine()
	r := own(t, set)
	halfway, finished := begun(t, r, set), t.TempDir()
	want, err := trainMine(t, r, set, finished, nil)
	if err != nil {
		t.Fatal(err)
	}
	pixels := mine()
	pixels.Train.Pixels[5]++
	sizes := mine()
	sizes.Test = noise(10, 9)
	sizes.Test.Classes = set.Test.Classes
	labels := mine()
	labels.Test.Labels[0] = 1
	names := mine()
	names.Train.Classes, names.Test.Classes = []string{"bright", "night"}, []string{"bright", "night"}
	for want, other := range map[string]*dataset.Set{
		"training images: other pixels":                                   pixels,
		"test images: images of 9×9 pixels instead of 8×8":                sizes,
		"test images: other labels":                                       labels,
		`training images: the classes "night" instead of "dark"; test im`: names,
	} {
		for _, dir := range []string{halfway, finished} {
			_, err := trainMine(t, r, other, dir, nil)
			if err == nil || !strings.Contains(err.Error(), dir+" holds a run on other images") || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want one about %q", err, want)
			}
		}
	}
	again := mine() // other memory, the same names in another order
	again.Train, again.Test = renamed(again.Train, []string{"dark", "bright"}, 1, 0), renamed(again.Test, []string{"dark", "bright"}, 1, 0)
	for _, dir := range []string{halfway, finished} {
		got, err := trainMine(t, r, again, dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Epochs, got.Epochs, numbers); diff != "" {
			t.Errorf("the same images give another run: %s", diff)
		}
	}
}

// Without a measurement labels do not count.
func TestRunFolderWithoutClasses(t *testing.T) {
	set := mine()
	set.Test = nil
	r := own(t, set)
	dir := begun(t, r, set)
	other := &dataset.Set{Name: set.Name, Train: renamed(set.Train, []string{"x", "y", "z"}, 2, 0)}
	if _, err := trainMine(t, r, other, dir, nil); err != nil {
		t.Error(err)
	}
	other.Train = noise(32, 8)
	if _, err := trainMine(t, r, other, dir, nil); err == nil || !strings.Contains(err.Error(), "training images: other pixels") {
		t.Errorf("other images: error %v", err)
	}
}

// A folder of an older version does not say what its images are; its run goes on, with a notice.
func TestRunFolderWithoutFingerprints(t *testing.T) {
	set := mine()
	r := own(t, set)
	for what, old := range map[string]func(path string) error{
		"none":    os.Remove,
		"another": func(path string) error { return os.WriteFile(path, []byte(`{"version": 99}`), 0o600) },
	} {
		dir := begun(t, r, set)
		if err := old(filepath.Join(dir, "data.json")); err != nil {
			t.Fatal(err)
		}
		for range 2 { // it goes on, and then is finished
			var notices []string
			result, err := trainMine(t, r, set, dir, func(e train.Event) {
				if e.Phase == train.Notice && !strings.HasPrefix(e.Note, "kNN accuracy asks") {
					notices = append(notices, e.Note)
				}
			})
			if err != nil || len(result.Epochs) != 3 {
				t.Fatalf("%s: %+v, error %v", what, result, err)
			}
			if len(notices) != 1 || !strings.Contains(notices[0], dir+" holds a run of another version") {
				t.Errorf("%s: notices %q", what, notices)
			}
		}
	}
	damaged := begun(t, r, set)
	if err := os.WriteFile(filepath.Join(damaged, "data.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := trainMine(t, r, set, damaged, nil); err == nil || !strings.Contains(err.Error(), filepath.Join(damaged, "data.json")) {
		t.Errorf("damaged records: error %v, want one that names the file", err)
	}
}

// A folder in which nothing was computed yet takes any images, and its records are the new ones.
func TestRunFolderThatHasNotBegun(t *testing.T) {
	set := mine()
	r := own(t, set)
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := train.Run(ctx, r, train.Options{Dir: dir, Device: device.Go, Data: set}); err == nil {
		t.Fatal("the run was to stop")
	}
	other := mine()
	other.Train.Pixels[0]++
	if _, err := trainMine(t, r, other, dir, nil); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "data.json"))
	if err != nil {
		t.Fatal(err)
	}
	var kept struct{ Train, Test dataset.Fingerprint }
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]dataset.Fingerprint{other.Train.Fingerprint(), other.Test.Fingerprint()}, []dataset.Fingerprint{kept.Train, kept.Test}); diff != "" {
		t.Error(diff)
	}
}

// edit changes a file.
func edit(t *testing.T, path string, change func(text string) string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(change(string(text))), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A folder of another recipe says how that differs; one of another number of
// epochs, what that means.
func TestOtherRecipe(t *testing.T) {
	set := &dataset.Set{Name: "mine", Train: noise(32, 8), Test: noise(10, 8)}
	r, dir := own(t, set), t.TempDir()
	options := train.Options{Dir: dir, Device: device.Go, Data: set}
	if _, err := train.Run(t.Context(), r, options); err != nil {
		t.Fatal(err)
	}
	longer := r
	longer.Epochs = 4
	_, err := train.Run(t.Context(), longer, options)
	for _, want := range []string{dir, "another recipe", "epochs: 2 → 4\n", "annealing from 0.12 to 0 per epoch", "in epoch 2 it is 0.06 for a run of 2, 0.102 for one of 4",
		"2 by now", "from its beginning", "another run folder"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("more epochs: error %v, want %q in it", err, want)
		}
	}
	steady := r
	steady.LR.Over = 2 // whatever the number of epochs
	other := t.TempDir()
	if _, err := train.Run(t.Context(), steady, train.Options{Dir: other, Device: device.Go, Data: set}); err != nil {
		t.Fatal(err)
	}
	steady.Epochs = 4
	_, err = train.Run(t.Context(), steady, train.Options{Dir: other, Device: device.Go, Data: set})
	if err == nil || !strings.Contains(err.Error(), "epochs: 2 → 4\n") || strings.Contains(err.Error(), "depends on") {
		t.Errorf("more epochs of a rate that does not depend on them: error %v", err)
	}
	longer.LR.From /= 2
	if _, err = train.Run(t.Context(), longer, options); err == nil || !strings.Contains(err.Error(), "lr.from: 0.12 → 0.06") || strings.Contains(err.Error(), "annealing from") {
		t.Errorf("other epochs and learning rate: error %v", err)
	}
	edit(t, filepath.Join(dir, "recipe.json"), func(text string) string { return strings.Replace(text, `"epochs"`, `"epoch_count"`, 1) })
	if _, err = train.Run(t.Context(), r, options); err == nil || !strings.Contains(err.Error(), `"epoch_count"`) {
		t.Errorf("a recipe with a field that is not known: error %v", err)
	}
}
