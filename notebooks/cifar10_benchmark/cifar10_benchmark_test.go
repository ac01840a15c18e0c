package main

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The two benchmarks differ in their data set alone: what follows it is the same on both pages.
func TestPagesAgree(t *testing.T) {
	var pages []string
	for _, path := range []string{"cifar10_benchmark.go", "../imagenette_benchmark/imagenette_benchmark.go"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, found := strings.Cut(string(text), "\n// ## Errors\n")
		if !found || strings.Count(rest, "//gonb:%exec ") != 5 {
			t.Fatalf("%s: want five cells that run something, after the one with the data set", path)
		}
		pages = append(pages, rest)
	}
	if diff := cmp.Diff(pages[0], pages[1]); diff != "" {
		t.Errorf("the pages differ (-CIFAR-10 +ImageNette):\n%s", diff)
	}
}

// The page's plan is two small runs of its data set.
func TestPlan(t *testing.T) {
	runs := Plan()
	if len(runs) != 2 {
		t.Fatalf("%d runs, want 2", len(runs))
	}
	for _, r := range runs {
		if r.Data != data || r.Epochs != 4 || r.TrainImages > 5000 {
			t.Errorf("%s: %d epochs of %d images of %s, want a small run of %s", r.Name, r.Epochs, r.TrainImages, r.Data, data)
		}
	}
}
