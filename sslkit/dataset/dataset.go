// Package dataset holds images in memory: CIFAR-10 from its official binary
// files, and Shapes, which are drawn from a seed and need no files.
//
// Every data set comes as a [Set] of two splits of [Images]: plain uint8
// pixels and labels, ready to be copied to a device in one piece. Nothing here
// downloads anything; an error about a missing set says which files are wanted
// where, and where they come from.
package dataset

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
)

// Name names a data set a recipe can ask for.
type Name string

// The data sets of recipes. [Load] knows all but Imagenette.
const (
	CIFAR10    Name = "cifar10"    // photographs of ten kinds of things, 32×32; see [ReadCIFAR10]
	Imagenette Name = "imagenette" // ImageNet's photographs of ten easy classes, the shorter side 160; not read yet
	Shapes     Name = "shapes"     // drawings of ten forms, 32×32; see [DrawShapes]
)

// Set is a data set's two splits.
type Set struct {
	Name        Name
	Train, Test *Images
}

// Images are equally sized RGB images with their labels, in memory.
type Images struct {
	Pixels        []uint8  // [len(Labels), Height, Width, 3], rows top to bottom, channels R, G, B
	Labels        []int32  // class of each image, an index into Classes
	Classes       []string // name of each class
	Height, Width int      // of one image, in pixels
}

// newImages returns n black images of class 0.
func newImages(n, height, width int, classes []string) *Images {
	return &Images{
		Pixels:  make([]uint8, n*height*width*3),
		Labels:  make([]int32, n),
		Classes: classes,
		Height:  height,
		Width:   width,
	}
}

// Len returns the number of images.
func (m *Images) Len() int { return len(m.Labels) }

// At returns the pixels of image i, [Height, Width, 3], shared and not copied.
// It panics if there is no image i.
func (m *Images) At(i int) []uint8 {
	size := m.Height * m.Width * 3
	return m.Pixels[i*size : (i+1)*size : (i+1)*size]
}

// NRGBA returns a copy of image i as a picture, to be drawn or encoded.
// It panics if there is no image i.
func (m *Images) NRGBA(i int) *image.NRGBA {
	picture := image.NewNRGBA(image.Rect(0, 0, m.Width, m.Height))
	pixels := m.At(i)
	for p := range m.Height * m.Width {
		copy(picture.Pix[4*p:], pixels[3*p:3*p+3])
		picture.Pix[4*p+3] = 0xff
	}
	return picture
}

// Load returns the first train and the first test images of a data set:
// CIFAR-10 from the files below [Dir], Shapes drawn with [ShapesSeed].
// Numbers are taken as they are: test 0 is a split without images, train 0 is
// an error, as is any number that is negative or more than there is.
func Load(name Name, train, test int) (*Set, error) {
	switch name {
	case CIFAR10:
		return ReadCIFAR10(Dir(), train, test)
	case Shapes:
		return DrawShapes(ShapesSeed, train, test)
	case Imagenette:
		return nil, fmt.Errorf("dataset: Load: this version cannot read %q yet, the photographs of ImageNette2-160; it can load %q and %q",
			name, CIFAR10, Shapes)
	}
	return nil, fmt.Errorf("dataset: Load: no data set is called %q; there are %q and %q", name, CIFAR10, Shapes)
}

// Dir returns the directory that data sets are read from: the environment
// variable SSLKIT_DATA, else the directory "data" below SSLKIT_HOME, which is
// "sslkit" below the user's data directory unless it is set. It need not exist.
func Dir() string {
	if dir := os.Getenv("SSLKIT_DATA"); dir != "" {
		return dir
	}
	home := os.Getenv("SSLKIT_HOME")
	if home == "" {
		share := os.Getenv("XDG_DATA_HOME")
		if share == "" {
			share = filepath.Join(os.Getenv("HOME"), ".local", "share")
		}
		home = filepath.Join(share, "sslkit")
	}
	return filepath.Join(home, "data")
}

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
