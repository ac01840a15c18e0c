package bench

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

func ids(recipes []recipe.Recipe) []string {
	names := []string{}
	for _, r := range recipes {
		names = append(names, ID(r))
	}
	return names
}

func TestPlan(t *testing.T) {
	p := Default(dataset.CIFAR10)
	p.Methods, p.Batches, p.Seeds = []string{"BYOL", "MoCo"}, []int{128, 512}, 2
	recipes, err := p.Recipes()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"cifar10-lightly2023-BYOL-b128-e200-s0", "cifar10-lightly2023-MoCo-b128-e200-s0",
		"cifar10-lightly2023-BYOL-b512-e200-s0", "cifar10-lightly2023-MoCo-b512-e200-s0",
		"cifar10-lightly2023-BYOL-b128-e200-s1", "cifar10-lightly2023-MoCo-b128-e200-s1",
		"cifar10-lightly2023-BYOL-b512-e200-s1", "cifar10-lightly2023-MoCo-b512-e200-s1",
	}
	if diff := cmp.Diff(want, ids(recipes)); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	p.Batches = nil
	if _, err := p.Recipes(); err == nil {
		t.Error("a plan without a batch is no error")
	}
	p = Default(dataset.CIFAR10)
	p.Batches = []int{100}
	if _, err := p.Recipes(); err == nil || !strings.Contains(err.Error(), "MoCo") {
		t.Errorf("MoCo's splits do not divide batch 100: %v", err)
	}
}

// What is measured besides is asked for of each run, as far as it has images.
func TestPlanOfMeasures(t *testing.T) {
	p := Quick(dataset.CIFAR10)
	p.Methods, p.Linear, p.Measures, p.LinearCrops = []string{"BYOL"}, true, true, true
	p.Scale.TrainImages = 150
	recipes, err := p.Recipes()
	if err != nil {
		t.Fatal(err)
	}
	r := recipes[0]
	want := eval.DefaultMeasures(r.Views[0])
	want.KNN.K[3] = 150
	if diff := cmp.Diff(want, r.Measures); diff != "" || r.Linear != eval.DefaultLinear() {
		t.Errorf("measures (-want +got):\n%s", diff)
	}
	if want := "cifar10-lightly2023-BYOL-b64-e4-s0-i150-t1000-w8-f32-k15-linear-measures-crops"; ID(r) != want {
		t.Errorf("the run is called %s, want %s", ID(r), want)
	}
}

func TestShard(t *testing.T) {
	all, err := Default(dataset.Imagenette).Recipes()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for i := range 3 {
		share, err := Shard(all, i, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids(share) {
			seen[id]++
		}
	}
	for _, id := range ids(all) {
		if seen[id] != 1 {
			t.Errorf("%s is in %d shares, want 1", id, seen[id])
		}
	}
	if _, err := Shard(all, 3, 3); err == nil {
		t.Error("shard 3/3 is no error")
	}
}

func TestEveryPublishedRowHasItsName(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range recipe.Published() {
		if id := ID(r); seen[id] {
			t.Errorf("%s names two rows", id)
		} else {
			seen[id] = true
		}
		if scaled := scaled(r); scaled != "" {
			t.Errorf("%s counts as changed: %s", ID(r), scaled)
		}
	}
}

// Recipes that differ have different names, and say how.
func TestNamesOfChangedRecipes(t *testing.T) {
	row := func(change func(*recipe.Recipe)) recipe.Recipe {
		r, err := recipe.CIFAR10("SimCLR")
		if err != nil {
			t.Fatal(err)
		}
		change(&r)
		return r
	}
	const name = "cifar10-lightly2023-SimCLR-b512-e200-s0"
	for _, c := range []struct {
		id, scaled string
		change     func(*recipe.Recipe)
	}{
		{name, "", func(*recipe.Recipe) {}},
		{name + "-f32", "", func(r *recipe.Recipe) { r.Precision = device.F32 }},
		{name + "-i1000-t10-w8", "1000/10 images, width 8", func(r *recipe.Recipe) {
			r.TrainImages, r.TestImages, r.Backbone = 1000, 10, backbone.ResNet18().Sized(8)
		}},
		{name + "-linear", "", func(r *recipe.Recipe) { r.Linear = eval.DefaultLinear() }},
		{name + "-measures", "", func(r *recipe.Recipe) { r.Measures.Ranks, r.Measures.KNN = true, eval.DefaultGrid() }},
		{name + "-linear-crops", "", func(r *recipe.Recipe) {
			r.Linear, r.Measures.Linear = eval.DefaultLinear(), eval.DefaultLinearCrops(r.Views[0])
		}},
		{name + "-measures-crops", "", func(r *recipe.Recipe) { r.Measures = eval.DefaultMeasures(r.Views[0]) }},
		{name + "-????????", "", func(r *recipe.Recipe) { r.Measures.Ranks = true }},
		{name + "-????????", "changed recipe", func(r *recipe.Recipe) { r.LR.From *= 2 }},
		{name + "-????????", "changed recipe", func(r *recipe.Recipe) { r.Method = method.SimCLR{Temperature: 1} }},
		{"cifar10-own-SimCLR-b512-e200-s0-????????", "a recipe of its own", func(r *recipe.Recipe) { r.Preset = "" }},
		{"cifar10-lightly2023-SimCLR-b512-e7-s0", "batch 512, 7 epochs", func(r *recipe.Recipe) { r.Epochs = 7 }},
	} {
		r := row(c.change)
		if ok, _ := filepath.Match(c.id, ID(r)); !ok {
			t.Errorf("got the name %s, want %s", ID(r), c.id)
		}
		if got := scaled(r); got != c.scaled {
			t.Errorf("%s: scaled %q, want %q", ID(r), got, c.scaled)
		}
	}
}

// tiny is a run of seconds.
func tiny(t *testing.T, seed uint64) recipe.Recipe {
	t.Helper()
	r, err := recipe.Shapes("SimCLR")
	if err != nil {
		t.Fatal(err)
	}
	r = recipe.Quick(r)
	r.Seed = seed
	return r
}

func TestRunWritesRecordsOnce(t *testing.T) {
	dir := t.TempDir()
	broken := tiny(t, 1)
	broken.LR.From = math.MaxFloat32
	recipes := []recipe.Recipe{broken, tiny(t, 0)}
	options := Options{Dir: dir, Device: testkit.XLA(t).Kind, Quiet: true}
	records, err := Run(context.Background(), recipes, options)
	if err == nil || !strings.Contains(err.Error(), ID(broken)) || strings.Contains(err.Error(), ID(recipes[1])) {
		t.Errorf("the run that diverges should be the only error: %v", err)
	}
	if len(records) != 1 || records[0].Best != records[0].Final || records[0].BestEpoch != 1 || records[0].TrainSeconds <= 0 {
		t.Fatalf("records %+v", records)
	}
	if b := records[0].Build; b.Go == "" {
		t.Errorf("the record does not say what made it: %+v", b)
	}
	read, err := Records(dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(records, read); diff != "" {
		t.Errorf("records differ when read (-run +read):\n%s", diff)
	}

	again, err := Run(context.Background(), recipes[1:], options)
	if err != nil || len(again) != 1 || !again[0].Finished.Equal(records[0].Finished) {
		t.Errorf("the finished run was made again: %v, error %v", again, err)
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	records, err := Run(ctx, []recipe.Recipe{tiny(t, 0), tiny(t, 1)}, Options{Dir: t.TempDir(), Device: testkit.XLA(t).Kind, Quiet: true})
	if len(records) != 0 || exitStatus(err) != stoppedStatus {
		t.Errorf("a stopped benchmark returned %d records and %v", len(records), err)
	}
}

// finishedRun is a record that no run has made.
func finishedRun(t *testing.T, name string, seed uint64, best float64, change func(*recipe.Recipe)) Record {
	t.Helper()
	r, err := recipe.CIFAR10(name)
	if err != nil {
		t.Fatal(err)
	}
	r.Epochs, r.Seed = 2, seed
	if change != nil {
		change(&r)
	}
	result := &train.Result{Recipe: r, Device: "cuda (H100)", CompileSeconds: 60, Memory: device.Memory{Peak: 3 << 30, Source: "device allocator"}}
	for e := range r.Epochs + 1 {
		knn := []float64{0.3, best - 0.1, best}[min(e, 2)]
		if e == 2 && r.Epochs > 2 {
			knn = best
		}
		result.Epochs = append(result.Epochs, train.Epoch{Epoch: e, KNN: knn, TrainSeconds: 30, KNNSeconds: 10})
	}
	record := newRecord(result)
	record.Build = Build{Commit: "0123456789abcdef", Go: "go1.26", GoMLX: map[string]string{"gomlx": "v0.27.3"}}
	record.Finished = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return record
}

func TestBadRecords(t *testing.T) {
	dir := t.TempDir()
	good := finishedRun(t, "SimCLR", 0, 0.8, nil)
	if err := good.write(dir); err != nil {
		t.Fatal(err)
	}
	other := good.Recipe
	other.Source = "another"
	path := recordPath(dir, good.Recipe)
	if err := os.Rename(path, recordPath(dir, other)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := finished(dir, other); err == nil || !strings.Contains(err.Error(), "source") {
		t.Errorf("the record of another recipe: %v", err)
	}
	for text, want := range map[string]string{"{": "not a record", "{}": "not the record of a finished run"} {
		path := filepath.Join(dir, "x.json")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Records(dir); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), want) {
			t.Errorf("record %q: %v, want %q", text, err, want)
		}
	}
	if _, err := Records(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that is not there is no error")
	}
}

func TestRecordAsJSON(t *testing.T) {
	record := finishedRun(t, "BYOL", 3, 0.8, nil)
	text, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{`"recipe":`, `"BYOL":`, `"epochs":[`, `"device":"cuda (H100)"`, `"commit":"0123456789abcdef"`, `"best_knn_accuracy":0.8`, `"train_seconds":90`} {
		if !strings.Contains(string(text), field) {
			t.Errorf("the record has no %s:\n%s", field, text)
		}
	}
}

// What the linker was told stands in records, where the Go command has told nothing.
func TestStampedBuild(t *testing.T) {
	defer func() { stamp = "" }()
	for text, want := range map[string]Build{"0123abc": {Commit: "0123abc"}, "0123abc+": {Commit: "0123abc", Dirty: true}} {
		stamp = text
		if got := thisBuild(); got.Commit != want.Commit || got.Dirty != want.Dirty {
			t.Errorf("stamp %s: commit %q, changed %t", text, got.Commit, got.Dirty)
		}
	}
}
