package dataset

import (
	"io"

	"github.com/bep/imagemeta"
)

// A turn is the orientation that EXIF data give a picture, 1 to 8; 0 is 1, as it
// is. Exif 2.32, 4.6.4, tag 274.
type turn uint8

// readTurn returns the turn in a file's EXIF data: none if there are no such data
// that can be read, or they make no sense.
func readTurn(file io.ReadSeeker, f *format) turn {
	kinds := map[*format]imagemeta.ImageFormat{
		&jpegFormat: imagemeta.JPEG, &pngFormat: imagemeta.PNG, &tiffFormat: imagemeta.TIFF, &webpFormat: imagemeta.WebP,
	}
	kind, ok := kinds[f]
	if !ok {
		return 0
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0
	}
	var found turn
	_, err := imagemeta.Decode(imagemeta.Options{
		R: file, ImageFormat: kind, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool { return tag.Tag == "Orientation" && tag.Namespace == "IFD0" },
		HandleTag: func(tag imagemeta.TagInfo) error {
			if value, ok := tag.Value.(uint16); ok && value <= 8 {
				found = turn(value)
			}
			return imagemeta.ErrStopWalking
		},
	})
	if err != nil {
		return 0
	}
	return found
}

// across tells whether the turn makes columns of rows.
func (t turn) across() bool { return t >= 5 }

// frame is the size that an image of size f has after the turn.
func (t turn) frame(f Frame) Frame {
	if t.across() {
		return Frame{Height: f.Width, Width: f.Height}
	}
	return Frame{Height: f.Height, Width: f.Width}
}

// pixels turns an image of size from, [height, width, 3].
func (t turn) pixels(pixels []uint8, from Frame) []uint8 {
	if t <= 1 {
		return pixels
	}
	to := t.frame(from)
	turned := make([]uint8, 0, len(pixels))
	for y := range to.Height {
		for x := range to.Width {
			row, column := y, x // in pixels
			if t.across() {
				row, column = x, y
			}
			if t == 3 || t == 4 || t == 6 || t == 7 {
				row = from.Height - 1 - row
			}
			if t == 2 || t == 3 || t == 7 || t == 8 {
				column = from.Width - 1 - column
			}
			turned = append(turned, pixels[3*(row*from.Width+column):][:3]...)
		}
	}
	return turned
}
