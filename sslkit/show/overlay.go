package show

import (
	"image"
	"image/color"
	"math"
	"slices"

	"github.com/gossl/gossl/sslkit/dataset"
)

// Overlays shows images, one to a column, and below each, in a row for each label, where
// one of its maps is large: the image in grey, under a colour that is the stronger the
// larger the map's number is there, and full at the map's largest. maps[i] are those of image
// i, in the order of labels, such as the attention of a transformer's heads
// (pretrained.Model.Attention).
//
// A map is square, row after row from the top, of as many numbers as one likes, none of them
// below 0. It lies on the image's central square, which is all that is shown. It is an error
// if there are no images, if maps are not as many as images and labels, or not such maps.
func Overlays(labels []string, images *dataset.Images, maps [][][]float32) Picture {
	if images.Len() == 0 || len(maps) != images.Len() {
		return failed("show: Overlays: maps of %d images for %d, want at least 1 image, and as many", len(maps), images.Len())
	}
	s := sheet{labels: append([]string{"image"}, labels...), rows: make([][]tile, 1+len(labels))}
	for i, list := range maps {
		if len(list) != len(labels) {
			return failed("show: Overlays: %d maps of image %d, want one for each of %d labels", len(list), i, len(labels))
		}
		whole := central(images.NRGBA(i))
		s.rows[0] = append(s.rows[0], tile{img: whole})
		for j, values := range list {
			side := int(math.Round(math.Sqrt(float64(len(values)))))
			if side == 0 || side*side != len(values) {
				return failed("show: Overlays: image %d, map %d: %d numbers, want those of a square", i, j, len(values))
			}
			for k, x := range values {
				if !(x >= 0) || math.IsInf(float64(x), 0) {
					return failed("show: Overlays: image %d, map %d: number %d is %g, want 0 or more", i, j, k, x)
				}
			}
			s.rows[1+j] = append(s.rows[1+j], tile{img: heated(whole, values, side)})
		}
	}
	return s.picture("maps over images")
}

// central is the square in the middle of an image.
func central(img *image.NRGBA) *image.NRGBA {
	size := img.Rect.Size()
	side := min(size.X, size.Y)
	from := img.Rect.Min.Add(image.Pt((size.X-side)/2, (size.Y-side)/2))
	square := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		copy(square.Pix[y*square.Stride:][:4*side], img.Pix[img.PixOffset(from.X, from.Y+y):])
	}
	return square
}

// heated is a square image in grey, under the colour of a map of side × side numbers.
func heated(img *image.NRGBA, values []float32, side int) *image.NRGBA {
	size := img.Rect.Dx()
	most := max(slices.Max(values), math.SmallestNonzeroFloat32)
	result := image.NewNRGBA(img.Rect)
	for y := range size {
		for x := range size {
			grey := color.GrayModel.Convert(img.NRGBAAt(x, y)).(color.Gray).Y
			part := 0.7 * float64(values[y*side/size*side+x*side/size]/most)
			mix := func(level uint8) uint8 { return uint8(math.Round((1-part)*float64(grey) + part*float64(level))) }
			result.SetNRGBA(x, y, color.NRGBA{R: mix(wrong.R), G: mix(wrong.G), B: mix(wrong.B), A: 0xff})
		}
	}
	return result
}
