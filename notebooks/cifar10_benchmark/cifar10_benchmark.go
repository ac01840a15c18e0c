// Cifar10_benchmark repeats lightly's benchmark on CIFAR-10. Its notebook is
// made from this file; main.go makes it a program.
package main

// %% [markdown]
// # The CIFAR-10 benchmark
//
// Methods learn from 50,000 photographs without their labels. After every epoch the labels measure what was learnt:
// each of the 10,000 test images gets the class of its 200 nearest neighbours among the training images. The *best* such
// kNN accuracy of a run stands in the published tables, and in the one below.
//
// The page starts small: two methods, few images, a narrow network. That takes about three minutes on two CPUs and
// shows that everything works; its accuracies say nothing about the methods. For the published rows, on a GPU, take the
// plan `bench.Default`. Every run keeps its record: run the page again and only what is missing runs; stop it, and it goes
// on from there.

// %%

import (
	"context"
	"log"
	"path/filepath"

	"github.com/gossl/gossl/sslkit/bench"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/show"
)

// %% [markdown]
// ## The benchmark
//
// All else on this page is the same for ImageNette, whose page is `imagenette_benchmark.ipynb`.

// %%

var (
	data   = dataset.CIFAR10                                  // 170 MB to download
	folder = filepath.Join("runs", string(data)+"_benchmark") // of the records
	kind   = device.Auto                                      // a GPU if there is one
)

// %% [markdown]
// ## Errors
//
// An error ends its cell: nothing goes on without what it needs.

// %%

// must is the value, or ends the cell with the error.
func must[T any](value T, err error) T {
	check(err)
	return value
}

// check ends the cell with the error if there is one.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// %% [markdown]
// ## The plan
//
// Change it and run this cell. `bench.Methods(recipe.Lightly2023, data)` are all methods; the table below has the batches
// and epochs that were published. `plan.Seeds = 3` makes three runs of each row.

// %%

// Plan is what to run.
func Plan() []recipe.Recipe {
	plan := bench.Quick(data) // or bench.Default: whole runs
	plan.Methods = []string{"SimCLR", "BYOL"}
	plan.Epochs = []int{4}
	return must(plan.Recipes())
}

// ShowPublished shows what was published for the whole benchmark.
func ShowPublished() {
	check(show.Markdown(bench.List(bench.Published(data))).Show())
}

//gonb:%exec ShowPublished

// %% [markdown]
// ## The data
//
// The official archive is downloaded once, unless the files are there already.

// %%

// FetchData downloads what is missing.
func FetchData() {
	check(dataset.Fetch(context.Background(), data, show.Bytes()))
}

//gonb:%exec FetchData

// %% [markdown]
// ## The runs

// %%

// Run makes the runs that have no record yet.
func Run() {
	_, err := bench.Run(context.Background(), Plan(), bench.Options{Dir: folder, Device: kind})
	check(err)
}

//gonb:%exec Run

// %% [markdown]
// ## What came of it
//
// Runs at full size stand beside what was published for them. The records are files in the folder of the benchmark;
// records of other machines, put there, join the table.

// %% tags=["summary"]

// ShowTable shows the table of all records.
func ShowTable() {
	check(show.Markdown(bench.Markdown(must(bench.Records(folder)))).Show())
}

//gonb:%exec ShowTable

// %%

// ShowCurves shows accuracy by epoch and by time, and the losses.
func ShowCurves() {
	check(show.Benchmark(bench.Results(must(bench.Records(folder)))...).Show())
}

//gonb:%exec ShowCurves
