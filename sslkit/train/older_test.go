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
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/train"
	"github.com/nlpodyssey/safetensors"
)

// older makes a run folder what the first versions wrote.
func older(t *testing.T, dir string) {
	t.Helper()
	edit(t, filepath.Join(dir, "recipe.json"), func(text string) string {
		var fields map[string]any
		if err := json.Unmarshal([]byte(text), &fields); err != nil {
			t.Fatal(err)
		}
		delete(fields, "version")
		sgd := fields["optim"].(map[string]any)["SGD"].(map[string]any)
		delete(sgd, "skip_vectors")
		sgd["lr"] = fields["lr"].(map[string]any)["from"]
		fields["optim"] = sgd
		for _, name := range []string{"lr", "clip_norm", "freeze"} {
			delete(fields, name)
		}
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
		names = slices.DeleteFunc(names, func(name string) bool { return name == "meters" || strings.HasPrefix(name, "meters/") })
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

// The folder of a run as it was before recipes had a version, which was stopped in
// the second epoch, is taken up to the numbers that the whole run had then. Its method had
// no meters: the second epoch begins anew, and says why.
func TestUnversionedFolder(t *testing.T) {
	set := &dataset.Set{Name: "mine", Train: noise(32, 8), Test: noise(10, 8)}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/unversioned")); err != nil {
		t.Fatal(err)
	}
	before, err := train.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if w, err := train.ReadWeights(dir); err != nil || w.Epoch != 1 || w.Step != 0 || w.Problem == nil || !strings.Contains(w.Problem.Error(), "0 meters of the method's own, which has 1 now") {
		t.Errorf("weights of epoch %d, step %d, problem %v, error %v", w.Epoch, w.Step, w.Problem, err)
	}
	first := 0
	result, err := train.Run(t.Context(), before.Recipe, train.Options{Dir: dir, Device: device.Go, Data: set, Report: func(e train.Event) {
		if e.Phase == train.Training && first == 0 {
			first = e.Step
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if first != 1 {
		t.Errorf("the run goes on with step %d, want 1", first)
	}
	text, err := os.ReadFile(filepath.Join(dir, "whole.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var want []train.Epoch
	for line := range strings.Lines(string(text)) {
		var e train.Epoch
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		want = append(want, e)
	}
	if diff := cmp.Diff(want, result.Epochs, numbers, cmpopts.IgnoreFields(train.Epoch{}, "Meters")); diff != "" {
		t.Errorf("epochs then and now (-want +got):\n%s", diff)
	}
}
