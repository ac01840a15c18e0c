package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/pretrained"
	"github.com/gossl/gossl/sslkit/store"
	"github.com/gossl/gossl/sslkit/train"
)

// needed skips the test where nothing can be trained.
func needed(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: trains")
	}
	if _, err := device.Open(device.CPU); errors.Is(err, fs.ErrNotExist) {
		t.Skip(err)
	}
	t.Setenv("SSLKIT_HOME", t.TempDir())
	t.Chdir(t.TempDir())
	epochs, images, kind = 1, 200, device.CPU
}

// The cells run one after the other, as in the notebook.
func TestCells(t *testing.T) {
	needed(t)
	main()
	main() // finds its runs complete
	all := Images()
	if all.Len() != 219 || len(all.Classes) != 10 || all.Frames == nil {
		t.Errorf("%d images of %d classes, want 219 of 10 classes, of several sizes", all.Len(), len(all.Classes))
	}
	result, err := train.Open(run)
	if err != nil {
		t.Fatal(err)
	}
	if last := result.Last(); last.Epoch != 1 || last.KNN == 0 || result.Recipe.TrainImages != 198 {
		t.Errorf("last epoch %+v of a run on %d images, want the first of one on 198, with an accuracy", last, result.Recipe.TrainImages)
	}
	set, err := store.Read(features)
	if err != nil {
		t.Fatal(err)
	}
	checkCopies(t, set)
	for _, file := range []string{"model.safetensors", "model.onnx"} {
		if _, err := os.Stat(filepath.Join(folder, file)); err != nil {
			t.Error(err)
		}
	}
	model, err := pretrained.Load(filepath.Join(folder, "model.safetensors"))
	if err != nil || model.Origin.Images != 198 || model.Size != 32 {
		t.Errorf("the file holds %+v, error %v", model, err)
	}
}

// checkCopies finds what was planted: exact copies whatever was learnt.
func checkCopies(t *testing.T, set *embedding.Set) {
	t.Helper()
	for _, group := range must(must(embedding.NewIndex(set)).Duplicates(t.Context(), 1)) {
		for _, other := range group.Others {
			if how := madeBy(set.Files[other.Image], set.Files[group.Keep]); how != "copy" {
				t.Errorf("%s and %s are the same, made by %s", set.Files[other.Image], set.Files[group.Keep], how)
			}
		}
	}
	count := map[string]int{}
	for _, file := range set.Files {
		for _, other := range set.Files {
			count[madeBy(file, other)]++
		}
	}
	delete(count, "other")
	if diff := cmp.Diff(map[string]int{"copy": 5, "small": 5, "bright": 5}, count); diff != "" {
		t.Errorf("copies in the folder (-want +got):\n%s", diff)
	}
}

// A folder of somebody else's, without classes.
func TestOwnFolder(t *testing.T) {
	needed(t)
	defer func() { photos, unlabelled, near = "", false, 0.999 }()
	photos, unlabelled = filepath.Join(t.TempDir(), "mine"), true
	drawings := must(dataset.DrawShapes(5, 150, 0)).Train
	for i := range 150 {
		Save(filepath.Join(photos, "2024", string(rune('a'+i%3)), string(rune('0'+i/3))+".jpg"), drawings.NRGBA(i))
	}
	Look()
	r := Recipe(Set())
	if err := r.Validate(); err != nil || r.Eval.On() || r.TrainImages != 135 {
		t.Errorf("recipe %+v, error %v, want one without kNN accuracy on 135 images", r, err)
	}
	set := must(must(pretrained.Untrained(r)).Embed(t.Context(), kind, Images()))
	if set.Len() != 150 || set.Labels != nil {
		t.Errorf("%d features with labels %v, want 150 without", set.Len(), set.Labels)
	}
	check(os.MkdirAll(folder, 0o755))
	check(store.Write(features, set))
	near = 1
	Search()
	ShowMap()
	ShowDuplicates() // there are none
	ShowOutliers()
}
