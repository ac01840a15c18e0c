package recipe_test

import (
	"fmt"
	"log"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/schedule"
)

func find(t *testing.T, preset recipe.Preset, data dataset.Name, name string, batch, epochs int) recipe.Recipe {
	t.Helper()
	r, err := recipe.Find(preset, data, name, batch, epochs)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What has become of BarlowTwins since its results were published.
func ExampleDiff() {
	published, err := recipe.Find(recipe.Lightly2023, dataset.CIFAR10, "BarlowTwins", 512, 200)
	if err != nil {
		log.Fatal(err)
	}
	today, err := recipe.Find(recipe.LightlyHEAD, dataset.CIFAR10, "BarlowTwins", 512, 200)
	if err != nil {
		log.Fatal(err)
	}
	today.Preset, today.Source, today.Expect = published.Preset, published.Source, published.Expect
	fmt.Println(recipe.Diff(published, today))
	// Output:
	// method.BarlowTwins.unbiased: true → false
	// views[0].saturation: 0.4 → 0.2
	// views[1].saturation: 0.4 → 0.2
	// views[1].solarize_p: 0 → 0.2
}

func TestDiffBetweenPresets(t *testing.T) {
	for _, c := range []struct {
		name          string
		data          dataset.Name
		batch, epochs int
		want          string
	}{
		{"SimCLR", dataset.CIFAR10, 512, 200, `
preset: "seed2021" → "lightly2023"
method.SimCLR.projector.batch_norm: false → true
method.SimCLR.projector.out_norm: "none" → "affine"
lr.from: 0.06 → 0.24
source: "lightly, cifar10_benchmark.py and benchmark page of June 2021; bf16 arithmetic instead of float32"` +
			` → "lightly, cifar10_benchmark.py and benchmark page of April 2023; bf16 arithmetic instead of TF32"
expect.knn_accuracy: 0.83 → 0.848
expect.memory_gib: 7.8 → 4.9
expect.minutes: 0 → 87.1
expect.hardware: "NVIDIA V100" → "NVIDIA A6000"`},
		{"SimSiam", dataset.Imagenette, 256, 800, `
preset: "seed2021" → "lightly2023"
backbone.ResNet.final_conv: true → false
method.SimSiam.projector.layers: 2 → 3
method.SimSiam.projector.out_norm: "affine" → "plain"
method.SimSiam.projector.all_biases: true → false
method.SimSiam.predictor.all_biases: true → false
views[0].scale[0]: 0.08 → 0.2
views[0].blur_sigma[0]: 0 → 0.1
views[0].blur_sigma[1]: 0 → 2
views[0].blur_kernel: 12.8 → 0
views[1].scale[0]: 0.08 → 0.2
views[1].blur_sigma[0]: 0 → 0.1
views[1].blur_sigma[1]: 0 → 2
views[1].blur_kernel: 12.8 → 0
source: "lightly, imagenette_benchmark.py and benchmark page of June 2021; bf16 arithmetic instead of float32"` +
			` → "lightly, imagenette_benchmark.py and benchmark page of May 2023; bf16 arithmetic instead of TF32"
expect.knn_accuracy: 0.827 → 0.872
expect.memory_gib: 0 → 3.9
expect.minutes: 0 → 206.4
expect.hardware: "NVIDIA V100" → "NVIDIA A6000"`},
	} {
		old := find(t, recipe.Seed2021, c.data, c.name, c.batch, c.epochs)
		now := find(t, recipe.Lightly2023, c.data, c.name, c.batch, c.epochs)
		if diff := cmp.Diff(strings.TrimSpace(c.want), recipe.Diff(old, now)); diff != "" {
			t.Errorf("%s on %s (-want +got):\n%s", c.name, c.data, diff)
		}
	}
}

func TestDiff(t *testing.T) {
	base := find(t, recipe.Lightly2023, dataset.CIFAR10, "SimCLR", 512, 200)
	for _, c := range []struct {
		change func(r *recipe.Recipe)
		want   string
	}{
		{func(r *recipe.Recipe) {}, ""},
		{func(r *recipe.Recipe) { r.Epochs, r.Name = 20, "short" }, "name: \"SimCLR\" → \"short\"\nepochs: 200 → 20"},
		{func(r *recipe.Recipe) { r.Backbone = backbone.Tiny() }, "backbone.ResNet.width: 64 → 16\n" +
			"backbone.ResNet.blocks[0]: 2 → 1\nbackbone.ResNet.blocks[1]: 2 → 1\nbackbone.ResNet.blocks[2]: 2 → 1\nbackbone.ResNet.blocks[3]: 2 → none\n" +
			"backbone.ResNet.stem_relu: false → true"},
		{func(r *recipe.Recipe) { r.Source = "<a>\n\"b\"" },
			`source: "lightly, cifar10_benchmark.py and benchmark page of April 2023; bf16 arithmetic instead of TF32" → "<a>\n\"b\""`},
		{func(r *recipe.Recipe) { r.Seed = math.MaxUint64 }, "seed: 0 → 18446744073709551615"},
		{func(r *recipe.Recipe) {
			r.Method = find(t, recipe.Lightly2023, dataset.CIFAR10, "BYOL", 512, 200).Method
		},
			"method: SimCLR → BYOL\nmethod.projector.hidden: 512 → 1024\nmethod.projector.out: 128 → 256\n" +
				"method.projector.out_norm: \"affine\" → \"none\"\n" +
				"method.predictor.layers: none → 2\nmethod.predictor.hidden: none → 1024\nmethod.predictor.out: none → 256\n" +
				"method.predictor.batch_norm: none → true\nmethod.predictor.layer_norm: none → false\nmethod.predictor.out_norm: none → \"none\"\n" +
				"method.predictor.all_biases: none → false\nmethod.predictor.gelu: none → false\n" +
				"method.predictor.shared_norm: none → false\nmethod.predictor.init_std: none → 0\n" +
				"method.momentum: none → 0.99\nmethod.moves: none → 1\nmethod.temperature: 0.5 → none"},
		{func(r *recipe.Recipe) {
			r.Optim = optim.LARS{Momentum: 0.9, WeightDecay: schedule.Constant(5e-4), Trust: 1e-3, SkipVectors: true}
			r.LR = schedule.Constant(0.3)
		}, "optim: SGD → LARS\noptim.trust: none → 0.001\noptim.epsilon: none → 0\noptim.skip_vectors: false → true\noptim.clip: none → false\n" +
			"lr: none → 0.3\nlr.from: 0.24 → none\nlr.to: 0 → none\nlr.warmup: 0 → none\nlr.over: 0 → none\nlr.shape: \"annealing\" → none\nlr.per: \"epoch\" → none"},
		{func(r *recipe.Recipe) { r.ClipNorm, r.Freeze = 3, []optim.Freeze{{Path: "online", Epochs: 1}} },
			"clip_norm: 0 → 3\nfreeze[0].path: none → \"online\"\nfreeze[0].epochs: none → 1"},
		{func(r *recipe.Recipe) { r.Method = nil }, "no comparison: the new recipe: "},
		{func(r *recipe.Recipe) { r.LR.From = math.NaN() }, "no comparison: the new recipe: "},
	} {
		changed := find(t, recipe.Lightly2023, dataset.CIFAR10, "SimCLR", 512, 200)
		c.change(&changed)
		got := recipe.Diff(base, changed)
		if strings.HasSuffix(c.want, ": ") && strings.HasPrefix(got, c.want) {
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// Views that are missing, in either direction; every line names its field first.
func TestDiffOfViews(t *testing.T) {
	two := find(t, recipe.Lightly2023, dataset.CIFAR10, "SimCLR", 512, 200)
	one, no := two, two
	one.Views, no.Views = two.Views[:1], nil
	for _, c := range []struct {
		a, b  recipe.Recipe
		first string
		lines int
	}{
		{two, one, "views[1].size: 32 → none", 25},
		{one, two, "views[1].size: none → 32", 25},
		{no, two, "views[0].size: none → 32", 50},
	} {
		lines := strings.Split(recipe.Diff(c.a, c.b), "\n")
		if len(lines) != c.lines || lines[0] != c.first {
			t.Errorf("%d lines from %q, want %d from %q", len(lines), lines[0], c.lines, c.first)
		}
	}
}
