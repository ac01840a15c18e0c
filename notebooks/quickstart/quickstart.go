// Quickstart trains SimCLR on images without labels and watches what the
// network learns. Its notebook is made from this file; main.go makes it a program.
package main

// %% [markdown]
// # Learning to see without labels
//
// A network looks at pictures that nobody has sorted. From each picture two random *views* are drawn, and the network
// learns to tell which views belong together. This is **SimCLR** (Chen et al., 2020, arXiv:2002.05709). Labels are used
// only to measure: an image of the test set gets the class of its nearest neighbours among the training images, and the
// *kNN accuracy* says how often that is right. With ten classes, guessing gives 0.1.
//
// The pictures are drawn on this machine, nothing is downloaded. On two CPUs the whole page takes under two minutes. Run
// the cells from top to bottom.

// %%

import (
	"context"
	"log"
	"path/filepath"

	"github.com/gossl/gossl/sslkit/dataset"
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
// ## What to train
//
// `"shapes"` are drawn from a seed. For photographs write `"cifar10"` and run all cells again; if the files are missing,
// an error says which ones are wanted where. A recipe is a plain value: print it, copy it, change it.

// %%

const data = "shapes" // or "cifar10"

var (
	what   = must(Recipe(data))
	kind   = device.Auto // a GPU if there is one
	folder = filepath.Join("runs", "quickstart", data)
)

// Recipe is the whole description of a run.
func Recipe(data string) (recipe.Recipe, error) {
	if data == "cifar10" {
		return recipe.CIFAR10("SimCLR")
	}
	return recipe.Shapes("SimCLR")
}

// %% [markdown]
// ## The pictures
//
// The classes differ in form only. Place, size, tilt, colours and noise say nothing about the class.

// %%

// Images are the ones to train on and to test with.
func Images() *dataset.Set {
	return must(dataset.Load(context.Background(), what.Data, what.TrainImages, what.TestImages, nil))
}

// ShowImages shows the first pictures and their classes.
func ShowImages() {
	check(show.Grid(Images().Train, 20, 10).Show())
}

//gonb:%exec ShowImages

// %% [markdown]
// ## Two views
//
// The first row are pictures, below each are two views of it: cut out, mirrored, recoloured. Whatever the views of one
// picture share, the network has to find.

// %%

// ShowViews shows what the network gets to see.
func ShowViews() {
	check(show.Views(Images().Train, 10, what.Views[0], 2, kind).Show())
}

//gonb:%exec ShowViews

// %% [markdown]
// ## Training
//
// The run is kept in a folder. If this cell is stopped and run again it goes on where it was; delete the folder to
// begin anew.

// %%

// Train trains the network and measures it after every epoch.
func Train() {
	options := train.Options{Dir: folder, Device: kind, Data: Images(), Report: show.Progress()}
	_, err := train.Run(context.Background(), what, options)
	check(err)
}

//gonb:%exec Train

// %% [markdown]
// ## What came of it
//
// Every cell is a process of its own, so this one opens the folder of the run. The dashed line is the network before
// training.

// %%

// ShowCurves shows accuracy and loss by epoch.
func ShowCurves() {
	check(show.Curves(must(train.Open(folder))).Show())
}

//gonb:%exec ShowCurves

// %% [markdown]
// ## The run in numbers

// %% tags=["summary"]

// ShowTable prints the run in numbers.
func ShowTable() {
	check(show.Table(must(train.Open(folder))).Show())
}

//gonb:%exec ShowTable
