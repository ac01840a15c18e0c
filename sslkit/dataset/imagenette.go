package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gossl/gossl/internal/place"
)

// ImageNette with a shorter side of 160 pixels, as its archive has it.
const (
	imagenetteFolder  = place.Imagenette
	imagenetteArchive = "imagenette2-160.tgz" // unpacks to imagenetteFolder
	imagenettePage    = "https://github.com/fastai/imagenette"
)

// imagenetteClasses are the names of the folders in each split, WordNet's
// numbers, and what they show.
var imagenetteClasses = []struct{ folder, name string }{
	{"n01440764", "tench"},
	{"n02102040", "English springer"},
	{"n02979186", "cassette player"},
	{"n03000684", "chain saw"},
	{"n03028079", "church"},
	{"n03394916", "French horn"},
	{"n03417042", "garbage truck"},
	{"n03425413", "gas pump"},
	{"n03445777", "golf ball"},
	{"n03888257", "parachute"},
}

// imagenetteNames are the names of the classes.
func imagenetteNames() []string {
	var names []string
	for _, class := range imagenetteClasses {
		names = append(names, class.name)
	}
	return names
}

// imagenetteOfficial is the official archive. Its page has no checksum: this one is
// torchvision's (torchvision/datasets/imagenette.py). Its size is that in
// tensorflow/datasets, datasets/imagenette/checksums.tsv.
var imagenetteOfficial = archive{
	name:     Imagenette,
	url:      "https://s3.amazonaws.com/fast-ai-imageclas/" + imagenetteArchive,
	md5:      "e793b78cc4c9e9a4ccc0c1155377a412",
	size:     99_003_388,
	unpacked: 130_000_000,
	folder:   imagenetteFolder,
	wanted:   imagenetteWanted(),
	stall:    time.Minute,
	waits:    fetchWaits,
}

// imagenetteWanted lists the folders of the classes.
func imagenetteWanted() []string {
	var wanted []string
	for _, class := range imagenetteClasses {
		wanted = append(wanted, "train/"+class.folder, "val/"+class.folder)
	}
	return wanted
}

// ReadImagenette returns the first train training images (of 9,469) and the
// first test test images (of 3,925) of ImageNette2-160, photographs of ten
// easily told classes of ImageNet whose shorter side has 160 pixels, from
//
//	dir/imagenette2-160/train/<WordNet number>/*.JPEG
//	dir/imagenette2-160/val/<WordNet number>/*.JPEG
//
// Their order, pixels and cache are those of [Folder]; no more images are decoded
// than are wanted. Without test images val need not be there. Progress hears of images
// that are decoded, or checked if the cache has them; it may be nil.
//
// It returns an error if train is less than 1, test is negative, or there are
// fewer images than that, and says how many there are; if a folder is missing
// or is not one of the ten; and whatever error [Folder] would.
//
// Howard, Imagenette, 2019, https://github.com/fastai/imagenette.
func ReadImagenette(ctx context.Context, dir string, train, test int, progress Progress) (*Set, error) {
	folder := filepath.Join(dir, imagenetteFolder)
	trainList, err := listImagenette(ctx, filepath.Join(folder, "train"), progress)
	testList := &listing{}
	if err == nil && test != 0 {
		testList, err = listImagenette(ctx, filepath.Join(folder, "val"), progress)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missingImagenette(folder, err)
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", Imagenette, err)
	}
	if err := checkCount(Imagenette, train, len(trainList.files), test, len(testList.files)); err != nil {
		return nil, err
	}
	set := &Set{Name: Imagenette}
	if set.Train, err = trainList.readImagenette(ctx, train, progress); err != nil {
		return nil, err
	}
	if test == 0 {
		set.Test = set.Train.First(0)
		return set, nil
	}
	set.Test, err = testList.readImagenette(ctx, test, progress)
	if err != nil {
		return nil, err
	}
	return set, nil
}

// listImagenette lists a split's images. A class that is missing is an error
// that wraps fs.ErrNotExist.
func listImagenette(ctx context.Context, dir string, progress Progress) (*listing, error) {
	list, err := listFolder(ctx, dir, FolderOptions{Progress: progress})
	if err != nil {
		return nil, err
	}
	for _, class := range imagenetteClasses {
		if !slices.Contains(list.classes, class.folder) {
			return nil, fmt.Errorf("%s (%s): %w", filepath.Join(dir, class.folder), class.name, fs.ErrNotExist)
		}
	}
	for i, name := range list.classes {
		if i >= len(imagenetteClasses) || name != imagenetteClasses[i].folder {
			return nil, fmt.Errorf("%s: is not a class of ImageNette, want %s to %s only", filepath.Join(dir, name),
				imagenetteClasses[0].folder, imagenetteClasses[len(imagenetteClasses)-1].folder)
		}
	}
	return list, nil
}

// readImagenette returns the first n images of a split.
func (l *listing) readImagenette(ctx context.Context, n int, progress Progress) (*Images, error) {
	opts := FolderOptions{Progress: progress}
	if n < len(l.files) { // all have one cache, however they are asked for
		opts.Limit = n
	}
	images, err := l.read(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("dataset: %s: %w", Imagenette, err)
	}
	images.Classes = imagenetteNames()
	return images, nil
}

// missingImagenette says which folders are wanted and where to get them. It
// wraps err, which names the first one that is missing.
func missingImagenette(folder string, err error) error {
	var paths strings.Builder
	for _, split := range []string{"train", "val"} {
		fmt.Fprintf(&paths, "\n\t%s", filepath.Join(folder, split, "<class>"))
	}
	first, last := imagenetteClasses[0].folder, imagenetteClasses[len(imagenetteClasses)-1].folder
	return fmt.Errorf("dataset: %s: %w\n"+
		"ImageNette is read from the folders of its ten classes, %s to %s:%s\n"+
		"dataset.Fetch downloads them, and so does -download of the benchmark's program. By hand:\n"+
		"they come from %s: unpack %s into %s,\n"+
		"or set SSLKIT_DATA to the directory that holds %s",
		Imagenette, err, first, last, &paths, imagenettePage, imagenetteArchive, filepath.Dir(folder), imagenetteFolder)
}
