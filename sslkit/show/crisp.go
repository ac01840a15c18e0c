package show

import (
	"image"
	"image/color"
	"math"

	scale "golang.org/x/image/draw"
	"gonum.org/v1/plot/vg"
)

// crisp is a canvas that keeps the pixels of enlarged images square and
// sharp, and stores no more pixels of an image than a fine screen has for it.
type crisp struct{ vg.CanvasSizer }

// DrawImage draws an image into a rectangle.
func (c crisp) DrawImage(at vg.Rectangle, img image.Image) {
	size := image.Pt(screen(at.Size().X), screen(at.Size().Y))
	bounds := img.Bounds().Size()
	switch {
	case size.X >= bounds.X && size.Y >= bounds.Y && max(size.X/bounds.X, size.Y/bounds.Y) >= 2:
		img = resized(img, size, scale.NearestNeighbor)
	case size.X < bounds.X && size.Y < bounds.Y:
		img = resized(img, size, scale.CatmullRom)
	}
	c.CanvasSizer.DrawImage(at, economic(img))
}

// screen is how many pixels a fine screen has for a length.
func screen(length vg.Length) int { return max(1, int(math.Round(float64(2*length/px)))) }

func resized(img image.Image, size image.Point, how scale.Scaler) *image.NRGBA {
	result := image.NewNRGBA(image.Rectangle{Max: size})
	how.Scale(result, result.Rect, img, img.Bounds(), scale.Src, nil)
	return result
}

// economic returns the image with 8 bits a colour, or a pixel, if it has few colours.
func economic(img image.Image) image.Image {
	bounds := img.Bounds()
	numbers := map[color.NRGBA]uint8{}
	few := image.NewPaletted(bounds, nil)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			number, known := numbers[c]
			if !known {
				if len(numbers) == 256 {
					return resized(img, bounds.Size(), scale.NearestNeighbor)
				}
				number = uint8(len(numbers))
				numbers[c] = number
				few.Palette = append(few.Palette, c)
			}
			few.Pix[few.PixOffset(x, y)] = number
		}
	}
	return few
}
