package show

import (
	"fmt"
	"image"

	"github.com/gossl/gossl/sslkit/dataset"
)

// Grid shows the first n images, columns to a row, with their class names, if
// classes have names. Large images shrink to fit.
func Grid(images *dataset.Images, n, columns int) error {
	s, err := grid(images, n, columns)
	if err != nil {
		return err
	}
	return s.figure().show("grid of images: shown in a notebook; show.SavePNG keeps a show.GridImage")
}

// GridImage returns the picture that [Grid] shows. If there are fewer than n
// images it holds all of them. It is an error if there are none, or n or
// columns is less than 1.
func GridImage(images *dataset.Images, n, columns int) (image.Image, error) {
	s, err := grid(images, n, columns)
	if err != nil {
		return nil, err
	}
	return s.figure().image()
}

func grid(images *dataset.Images, n, columns int) (sheet, error) {
	n = min(n, images.Len())
	if n < 1 || columns < 1 {
		return sheet{}, fmt.Errorf("show: Grid: %d images in %d columns, want at least 1 of each", n, columns)
	}
	var s sheet
	for i := range n {
		if i%columns == 0 {
			s.rows = append(s.rows, nil)
		}
		t := tile{img: images.NRGBA(i)}
		if len(images.Classes) > 0 {
			t.words = []string{className(images, i)}
		}
		last := len(s.rows) - 1
		s.rows[last] = append(s.rows[last], t)
	}
	return s, nil
}
