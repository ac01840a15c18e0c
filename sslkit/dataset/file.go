package dataset

import (
	"errors"
	"fmt"
)

// File returns the image in one file, with the pixels that [Folder] would give
// it, of the same kinds of files. Files names it as path does; its class has no
// name. Of the options ShortSide and Upright count.
//
// It returns an error if the file cannot be read, is no image or damaged, or has
// more than 100 million pixels.
func File(path string, opts ...FolderOptions) (*Images, error) {
	var options FolderOptions
	for _, o := range opts {
		options = o
	}
	images, err := decodeFile(path, options)
	var broken *damage
	if errors.As(err, &broken) { // the others have the path
		err = fmt.Errorf("%s: %w", path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return images, nil
}

func decodeFile(path string, opts FolderOptions) (*Images, error) {
	var reader fileReader
	h, err := reader.header(path, opts.Upright)
	if err != nil {
		return nil, err
	}
	p := opts.plan(h)
	pixels, err := reader.pixels(path, p)
	if err != nil {
		return nil, err
	}
	images := newImages(1, p.frame().Height, p.frame().Width, []string{""})
	copy(images.Pixels, pixels)
	images.Files = []string{path}
	return images, nil
}
