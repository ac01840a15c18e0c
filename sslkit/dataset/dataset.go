// Package dataset holds images in memory: CIFAR-10 from its official binary
// files, ImageNette and other photographs from folders of image files,
// and Shapes, which are drawn from a seed and need no files.
//
// Every data set comes as a [Set] of two splits of [Images]: plain uint8
// pixels and labels, ready to be copied to a device in one piece. [Folder]
// reads images of your own, of any sizes, with classes or without; it decodes
// them once and keeps the pixels in a cache. [Split] holds some of them out.
// Only [Fetch] downloads anything. An error about a missing set says which files
// are wanted where, and where they come from.
package dataset

import (
	"context"
	"fmt"

	"github.com/gossl/gossl/internal/place"
)

// Name names a data set a recipe can ask for.
type Name string

// The data sets of recipes, which [Load] knows.
const (
	CIFAR10    Name = "cifar10"    // photographs of ten kinds of things, 32×32; see [ReadCIFAR10]
	Imagenette Name = "imagenette" // ImageNet's photographs of ten easy classes, the shorter side 160; see [ReadImagenette]
	Shapes     Name = "shapes"     // drawings of ten forms, 32×32; see [DrawShapes]
)

// Set is a data set's two splits. One of your own may have any name, and no test
// images.
type Set struct {
	Name        Name
	Train, Test *Images
}

// A Progress hears how far long work has come: what is being done, and how much
// of it, in images or bytes as the function that takes a Progress says; total is 0
// while nobody knows how much there is. It is called from one goroutine at a time, at most some times a second, and once
// more at the end of each piece of work. It may be nil.
type Progress func(what string, done, total int64)

// Load returns the first train and the first test images of a data set:
// CIFAR-10 and ImageNette from the files below [Dir], Shapes drawn with
// [ShapesSeed]. Numbers are taken as they are: test 0 is a split without
// images, train 0 is an error, as is any number that is negative or more than
// there is. Progress hears of images that are decoded.
func Load(ctx context.Context, name Name, train, test int, progress Progress) (*Set, error) {
	known, err := find(name)
	if err != nil {
		return nil, fmt.Errorf("dataset: Load: %w, and Folder reads images of your own", err)
	}
	return known.load(ctx, train, test, progress)
}

// Dir returns the directory that data sets are read from: the environment
// variable SSLKIT_DATA, else the directory "data" below SSLKIT_HOME, which is
// "sslkit" below the user's data directory unless it is set. It need not exist.
func Dir() string { return place.Data() }

// checkCount returns an error unless train and test are numbers of images that
// splits of at most trainLimit and testLimit images can give.
func checkCount(name Name, train, trainLimit, test, testLimit int) error {
	switch {
	case train < 1:
		return fmt.Errorf("dataset: %s: %d training images asked for, want 1 to %d", name, train, trainLimit)
	case train > trainLimit:
		return fmt.Errorf("dataset: %s: %d training images asked for, there are %d", name, train, trainLimit)
	case test < 0:
		return fmt.Errorf("dataset: %s: %d test images asked for, want 0 to %d", name, test, testLimit)
	case test > testLimit:
		return fmt.Errorf("dataset: %s: %d test images asked for, there are %d", name, test, testLimit)
	}
	return nil
}
