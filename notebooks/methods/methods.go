// Methods trains self-supervised methods on the same pictures and compares what
// they learn. Its notebook is made from this file; main.go makes it a program.
package main

// %% [markdown]
// # Ways to learn without labels
//
// All methods look at random views of every picture. They differ in what they do with them. The page trains five of them,
// or those that you choose below:
//
// - **MoCo** finds the other view of a picture among thousands of earlier pictures, which a queue holds.
// - **SimCLR** finds it among the other pictures of the batch.
// - **SimSiam** predicts one view's projection from the other's, and lets no gradient through what it predicts.
// - **BarlowTwins** makes the projections of both views agree, and their dimensions tell different things.
// - **BYOL** predicts what a slowly moving copy of the network makes of the other view.
//
// On two CPUs the page takes under four minutes. Run the cells from top to bottom.

// %%

import (
	"context"
	"fmt"
	"log"
	"path/filepath"

	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/show"
	"github.com/gossl/gossl/sslkit/train"
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
// ## The recipes
//
// The pictures are drawn, as in the quickstart. The networks are small and the runs are short, so the recipes are not the
// published ones: below is what differs, for SimSiam. The others differ in the same fields.

// %%

var (
	names  = []string{"MoCo", "SimCLR", "SimSiam", "BarlowTwins", "BYOL"} // put any of the others in
	kind   = device.Auto                                                  // a GPU if there is one
	folder = filepath.Join("runs", "methods")
)

// ShowDifference prints where a recipe differs from the published one.
func ShowDifference() {
	fmt.Println(recipe.Diff(must(recipe.CIFAR10("SimSiam")), must(recipe.Shapes("SimSiam"))))
}

//gonb:%exec ShowDifference

// %% [markdown]
// ## What there is to choose

// %%

// ShowMethods prints what each method learns by.
func ShowMethods() {
	for _, m := range recipe.Methods() {
		fmt.Printf("%-12s%s\n", m.Name, m.Idea)
	}
}

//gonb:%exec ShowMethods

// %% [markdown]
// ## Training
//
// The runs come one after the other, each with a folder of its own. A run whose embeddings all become the same has
// *collapsed*; the progress says so. Losses of different methods mean different things. MoCo's goes up at first: better
// keys in the queue are harder to tell from the right one.

// %%

// Train trains all methods.
func Train() {
	for _, name := range names {
		fmt.Printf("\n%s\n", name) // apart from the run before
		r := must(recipe.Shapes(name))
		options := train.Options{Dir: filepath.Join(folder, name), Device: kind, Report: show.Progress()}
		_, err := train.Run(context.Background(), r, options)
		check(err)
	}
}

//gonb:%exec Train

// %% [markdown]
// ## What came of it
//
// Each learns from its own untrained network, which the dashed lines show. Do not read a ranking from this: the runs are
// short, and their settings differ. *Spread* is the standard deviation of the normalised embeddings, relative to directions
// drawn at random: 0 is collapse.

// %%

// Results opens the folders of the runs.
func Results() []*train.Result {
	var results []*train.Result
	for _, name := range names {
		results = append(results, must(train.Open(filepath.Join(folder, name))))
	}
	return results
}

// ShowCurves shows accuracy and spread by epoch.
func ShowCurves() {
	check(show.Curves(Results()...).Show())
}

//gonb:%exec ShowCurves

// %% [markdown]
// ## The runs in numbers

// %% tags=["summary"]

// ShowTable prints a line for each method.
func ShowTable() {
	check(show.Comparison(Results()...).Show())
}

//gonb:%exec ShowTable
