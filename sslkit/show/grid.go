package show

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"

	scale "golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/gossl/gossl/sslkit/dataset"
)

const (
	zoom  = 3   // pixels of the picture per pixel of a small image, each way
	small = 64  // pixels of the longer side of a small image, at most
	large = 160 // pixels of the longer side that images of several sizes get at most
	gap   = 4   // pixels around images
	label = 13  // pixels below an image for its class
)

// Grid shows the first n images, columns to a row, with their class names. Images
// of several sizes get cells of one size, and shrink to fit.
func Grid(images *dataset.Images, n, columns int) error {
	picture, err := GridImage(images, n, columns)
	if err != nil {
		return err
	}
	return display(picture, "", "grid of images: shown in a notebook; show.SavePNG keeps a show.GridImage")
}

// GridImage returns the picture that [Grid] shows. If there are fewer than n
// images it holds all of them. It is an error if there are none, or n or
// columns is less than 1.
func GridImage(images *dataset.Images, n, columns int) (image.Image, error) {
	n = min(n, images.Len())
	if n < 1 || columns < 1 {
		return nil, fmt.Errorf("show: GridImage: %d images in %d columns, want at least 1 of each", n, columns)
	}
	columns = min(columns, n)
	width, height := cell(images, n)
	s := newSheet(columns, (n+columns-1)/columns, width, height, label)
	for i := range n {
		s.put(i%columns, i/columns, images.NRGBA(i), images.Classes[images.Labels[i]])
	}
	return s.picture, nil
}

// cell is the width and height of the cells for the first n images.
func cell(images *dataset.Images, n int) (width, height int) {
	for i := range n {
		h, w := images.Size(i)
		width, height = max(width, w), max(height, h)
	}
	if images.Frames != nil {
		width, height = min(width, large), min(height, large)
	}
	return width, height
}

// A sheet is a white picture with cells for images, small ones enlarged.
type sheet struct {
	picture       *image.NRGBA
	size          image.Point // of an image at most
	zoom          int         // pixels of the picture per pixel of an image
	width, height int         // of a cell, with the text and one gap
	text          int         // height of the line of text below an image
}

func newSheet(columns, rows, width, height, text int) *sheet {
	s := &sheet{size: image.Pt(width, height), zoom: zoom, text: text}
	if max(width, height) > small {
		s.zoom = 1
	}
	s.width, s.height = width*s.zoom+gap, height*s.zoom+text+gap
	s.picture = image.NewNRGBA(image.Rect(0, 0, columns*s.width+gap, rows*s.height+gap))
	draw.Draw(s.picture, s.picture.Rect, image.White, image.Point{}, draw.Src)
	return s
}

// put draws an image, shrunk if it is larger than the cell, and text below it,
// which is cut at the cell's edge.
func (s *sheet) put(column, row int, img *image.NRGBA, text string) {
	img = s.fit(img)
	zoom := s.zoom
	x0, y0 := gap+column*s.width, gap+row*s.height
	size := img.Rect.Size().Mul(zoom)
	for y := range size.Y {
		for x := range size.X {
			s.picture.SetNRGBA(x0+x, y0+y, img.NRGBAAt(x/zoom, y/zoom))
		}
	}
	if s.text == 0 {
		return
	}
	pen := font.Drawer{
		Dst:  s.picture.SubImage(image.Rect(x0, y0+size.Y, x0+size.X, y0+size.Y+s.text)).(*image.NRGBA),
		Src:  image.NewUniform(color.Gray{Y: 0x40}),
		Face: basicfont.Face7x13,
		Dot:  fixed.P(x0, y0+size.Y+10),
	}
	pen.DrawString(text)
}

// fit returns an image with its larger side shrunk to the cell's.
func (s *sheet) fit(img *image.NRGBA) *image.NRGBA {
	size := img.Rect.Size()
	factor := min(float64(s.size.X)/float64(size.X), float64(s.size.Y)/float64(size.Y))
	if factor >= 1 {
		return img
	}
	shrink := func(n int) int { return max(1, int(factor*float64(n)+0.5)) }
	shrunk := image.NewNRGBA(image.Rect(0, 0, shrink(size.X), shrink(size.Y)))
	scale.CatmullRom.Scale(shrunk, shrunk.Rect, img, img.Rect, draw.Src, nil)
	return shrunk
}
