package show

import (
	"image"
	"image/color"
	"math"

	scale "golang.org/x/image/draw"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

// crisp is a canvas that draws images as they should be: enlarged ones with
// square, sharp pixels, shrunk ones smooth. An SVG gets no more pixels of an
// image than a fine screen has for it.
type crisp struct{ vg.CanvasSizer }

// DrawImage draws an image into a rectangle.
func (c crisp) DrawImage(at vg.Rectangle, img image.Image) {
	if pixels, ok := c.CanvasSizer.(*vgimg.Canvas); ok {
		picture := pixels.Image()
		dots := pixels.DPI() / float64(vg.Inch)
		whole := func(length vg.Length) int { return int(math.Round(float64(length) * dots)) }
		bottom := picture.Bounds().Dy()
		place := image.Rect(whole(at.Min.X), bottom-whole(at.Max.Y), whole(at.Max.X), bottom-whole(at.Min.Y))
		scaler(img, place.Size()).Scale(picture, place, img, img.Bounds(), scale.Over, nil)
		return
	}
	fine := func(length vg.Length) int { return max(1, int(math.Round(float64(2*length/px)))) }
	size, bounds := image.Pt(fine(at.Size().X), fine(at.Size().Y)), img.Bounds().Size()
	switch how := scaler(img, size); {
	case how == scale.NearestNeighbor:
		img = enlargedTo(size, economic(img))
	case size.X < bounds.X:
		img = economic(resized(img, size, how))
	default:
		img = economic(img)
	}
	c.CanvasSizer.DrawImage(at, img)
}

// scaler is the way to give an image a size.
func scaler(img image.Image, size image.Point) scale.Scaler {
	bounds := img.Bounds().Size()
	if size.X >= bounds.X && size.Y >= bounds.Y && max(size.X/bounds.X, size.Y/bounds.Y) >= 2 || size == bounds {
		return scale.NearestNeighbor
	}
	return scale.CatmullRom
}

func resized(img image.Image, size image.Point, how scale.Scaler) *image.NRGBA {
	result := image.NewNRGBA(image.Rectangle{Max: size})
	how.Scale(result, result.Rect, img, img.Bounds(), scale.Src, nil)
	return result
}

// enlargedTo repeats the pixels of an image, and keeps its palette.
func enlargedTo(size image.Point, img image.Image) image.Image {
	few, ok := img.(*image.Paletted)
	if !ok {
		return resized(img, size, scale.NearestNeighbor)
	}
	large := image.NewPaletted(image.Rectangle{Max: size}, few.Palette)
	bounds := few.Rect.Size()
	for y := range size.Y {
		row := few.Pix[(2*y+1)*bounds.Y/(2*size.Y)*few.Stride:]
		for x := range size.X {
			large.Pix[y*large.Stride+x] = row[(2*x+1)*bounds.X/(2*size.X)]
		}
	}
	return large
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
