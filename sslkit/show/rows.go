package show

import (
	"errors"
	"fmt"
	"image"

	"github.com/gossl/gossl/sslkit/dataset"
)

// Rows shows rows of images, a label at the left of each: what a value of a
// parameter does to some images, or the images of a class. labels[i] belongs to
// rows[i]. It is an error if there are no rows, a row has no images, or labels
// and rows differ in number.
func Rows(labels []string, rows []*dataset.Images) error {
	s, err := imageRows(labels, rows)
	if err != nil {
		return err
	}
	return s.figure().show("rows of images: shown in a notebook; show.SavePNG keeps a show.RowsImage")
}

// RowsImage returns the picture that [Rows] shows.
func RowsImage(labels []string, rows []*dataset.Images) (image.Image, error) {
	s, err := imageRows(labels, rows)
	if err != nil {
		return nil, err
	}
	return s.figure().image()
}

func imageRows(labels []string, rows []*dataset.Images) (sheet, error) {
	if len(rows) == 0 {
		return sheet{}, errors.New("show: Rows: no rows, want at least 1")
	}
	if len(labels) != len(rows) {
		return sheet{}, fmt.Errorf("show: Rows: %d labels for %d rows, want as many", len(labels), len(rows))
	}
	s := sheet{labels: labels}
	for i, images := range rows {
		if images == nil || images.Len() == 0 {
			return sheet{}, fmt.Errorf("show: Rows: row %d %q has no images, want at least 1", i, labels[i])
		}
		var row []tile
		for j := range images.Len() {
			row = append(row, tile{img: images.NRGBA(j)})
		}
		s.rows = append(s.rows, row)
	}
	return s, nil
}
