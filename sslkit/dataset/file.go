package dataset

import (
	"errors"
	"fmt"
)

// File returns the image in one JPEG or PNG file, with the pixels that [Folder]
// would give it. Files names it as path does; its class has no name.
//
// It returns an error if the file cannot be read, is no image or damaged, or has
// more than 100 million pixels.
func File(path string) (*Images, error) {
	images, err := decodeFile(path)
	var broken *damage
	if errors.As(err, &broken) { // the others have the path
		err = fmt.Errorf("%s: %w", path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return images, nil
}

func decodeFile(path string) (*Images, error) {
	var reader fileReader
	height, width, err := reader.size(path)
	if err != nil {
		return nil, err
	}
	pixels, err := reader.pixels(path, height, width)
	if err != nil {
		return nil, err
	}
	images := newImages(1, height, width, []string{""})
	copy(images.Pixels, pixels)
	images.Files = []string{path}
	return images, nil
}
