package train_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/train"
	"github.com/nlpodyssey/safetensors"
)

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

// older makes a run folder what the first versions wrote.
func older(t *testing.T, dir string) {
	t.Helper()
	edit(t, filepath.Join(dir, "recipe.json"), func(text string) string {
		var fields map[string]any
		if err := json.Unmarshal([]byte(text), &fields); err != nil {
			t.Fatal(err)
		}
		delete(fields, "version")
		delete(fields, "linear")
		net := fields["backbone"].(map[string]any)["ResNet"].(map[string]any)
		for _, name := range []string{"splits", "large_stem", "normal_init", "final_conv"} {
			delete(net, name)
		}
		fields["backbone"] = net
		old, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		return string(old)
	})
	edit(t, filepath.Join(dir, "checkpoint.safetensors"), func(file string) string {
		found, err := safetensors.Deserialize([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		_, header, err := safetensors.ReadMetadata([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		if err := json.Unmarshal([]byte(header.Metadata()["order"]), &names); err != nil {
			t.Fatal(err)
		}
		names = slices.DeleteFunc(names, func(name string) bool { return name == "meters" })
		views, sum := map[string]safetensors.TensorView{}, sha256.New()
		for _, name := range names {
			views[name], _ = found.Tensor(name)
			sum.Write(views[name].Data())
		}
		old, err := safetensors.Serialize(views, map[string]string{"epoch": "1", "sha256": hex.EncodeToString(sum.Sum(nil))})
		if err != nil {
			t.Fatal(err)
		}
		return string(old)
	})
}

// A run folder of an earlier version is taken up to the same numbers.
func TestOlderFolder(t *testing.T) {
	set := &dataset.Set{Name: "mine", Train: noise(32, 8), Test: noise(10, 8)}
	r, dir := own(t, set), t.TempDir()
	whole, err := train.Run(t.Context(), r, train.Options{Device: device.Go, Data: set})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	options := train.Options{Dir: dir, Device: device.Go, Data: set, Report: func(e train.Event) {
		if e.Phase == train.EpochDone && e.Epoch == 1 {
			stop()
		}
	}}
	if _, err := train.Run(ctx, r, options); err == nil {
		t.Fatal("the run was to stop")
	}
	older(t, dir)
	if read, err := train.Open(dir); err != nil || !cmp.Equal(read.Recipe, r) {
		t.Errorf("the recipe is %+v, error %v", read, err)
	}
	if w, err := train.ReadWeights(dir); err != nil || w.Epoch != 1 {
		t.Errorf("weights %+v, error %v", w, err)
	}
	result, err := train.Run(t.Context(), r, options)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole.Epochs, result.Epochs, numbers); diff != "" {
		t.Errorf("epochs in one run and from an older folder (-want +got):\n%s", diff)
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
	for _, want := range []string{dir, "another recipe", "epochs: 2 → 4\n", "half a cosine", "in epoch 2 it is 0.06 for a run of 2, 0.102 for one of 4",
		"2 by now", "from its beginning", "another run folder"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("more epochs: error %v, want %q in it", err, want)
		}
	}
	longer.Optim.LR /= 2
	if _, err = train.Run(t.Context(), longer, options); err == nil || !strings.Contains(err.Error(), "optim.lr: 0.12 → 0.06") || strings.Contains(err.Error(), "cosine") {
		t.Errorf("other epochs and learning rate: error %v", err)
	}
	edit(t, filepath.Join(dir, "recipe.json"), func(text string) string { return strings.Replace(text, `"epochs"`, `"epoch_count"`, 1) })
	if _, err = train.Run(t.Context(), r, options); err == nil || !strings.Contains(err.Error(), `"epoch_count"`) {
		t.Errorf("a recipe with a field that is not known: error %v", err)
	}
}
