package recipe_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/recipe"
)

func TestFor(t *testing.T) {
	published, err := recipe.CIFAR10("SimCLR")
	if err != nil {
		t.Fatal(err)
	}
	published.Linear, published.Measures = eval.DefaultLinear(), eval.DefaultMeasures(published.Views[0])
	some := func(n int, classes ...string) *dataset.Images {
		return &dataset.Images{Labels: make([]int32, n), Classes: classes}
	}
	want := func(change func(*recipe.Recipe)) recipe.Recipe {
		r := published
		r.Data, r.TrainImages, r.Preset, r.Expect = "photos", 600, "", recipe.Expect{}
		change(&r)
		return r
	}
	off := func(r *recipe.Recipe) {
		r.Eval, r.Linear, r.Measures = eval.KNN{}, eval.Linear{}, eval.Measures{Ranks: true}
	}
	for name, test := range map[string]struct {
		set  dataset.Set
		want recipe.Recipe
	}{
		"classes": {dataset.Set{Train: some(600, "cat", "dog"), Test: some(50, "cat", "dog")}, want(func(r *recipe.Recipe) { r.TestImages = 50 })},
		"few images": {dataset.Set{Train: some(90, "cat", "dog"), Test: some(5, "cat", "dog")},
			want(func(r *recipe.Recipe) {
				r.TrainImages, r.TestImages, r.Eval.K = 90, 5, 45
				r.Measures.KNN.K = []int{10, 20, 90}
			})},
		"one class":     {dataset.Set{Train: some(600, "cat"), Test: some(50, "cat")}, want(func(r *recipe.Recipe) { off(r); r.TestImages = 50 })},
		"no classes":    {dataset.Set{Train: some(600), Test: some(50)}, want(func(r *recipe.Recipe) { off(r); r.TestImages = 50 })},
		"none held out": {dataset.Set{Train: some(600, "cat", "dog"), Test: some(0, "cat", "dog")}, want(func(r *recipe.Recipe) { off(r); r.TestImages = 0 })},
		"no test split": {dataset.Set{Train: some(600, "cat", "dog")}, want(func(r *recipe.Recipe) { off(r); r.TestImages = 0 })},
	} {
		test.set.Name = "photos"
		got := published.For(&test.set)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if got.Batch > got.TrainImages {
			got.Batch = got.TrainImages
		}
		if err := got.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, c := range []struct{ k, images, classes, want int }{
		{200, 50_000, 10, 200}, {200, 2000, 10, 200}, {200, 40, 10, 4}, {200, 5, 10, 1}, {3, 40, 10, 3}, {200, 90, 0, 90},
	} {
		if got := recipe.Neighbours(c.k, c.images, c.classes); got != c.want {
			t.Errorf("%d neighbours of %d images of %d classes become %d, want %d", c.k, c.images, c.classes, got, c.want)
		}
	}
	if published.Data != dataset.CIFAR10 || !published.Eval.On() {
		t.Error("the recipe itself was changed")
	}
}
