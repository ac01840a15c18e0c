package dataset

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"testing"
)

// slowYCbCr returns a pixel from the definitions: colour interpolated linearly
// between the middles of its values, or repeated if a value stands for four
// columns or there are two of them at most, and JFIF's equations.
func slowYCbCr(p *image.YCbCr, across, down, x, y int) (rgb [3]float64) {
	columns, rows := (p.Rect.Dx()+across-1)/across, (p.Rect.Dy()+down-1)/down
	chroma := func(plane []uint8) float64 {
		if across > 2 || across == 2 && columns <= 2 {
			return float64(plane[y/down*p.CStride+x/across])
		}
		value := func(column, row int) float64 {
			return float64(plane[min(max(row, 0), rows-1)*p.CStride+min(max(column, 0), columns-1)])
		}
		column := (float64(x)+0.5)/float64(across) - 0.5
		row := (float64(y)+0.5)/float64(down) - 0.5
		c, r := math.Floor(column), math.Floor(row)
		right, below := column-c, row-r
		at := func(r float64) float64 {
			return (1-right)*value(int(c), int(r)) + right*value(int(c)+1, int(r))
		}
		return (1-below)*at(r) + below*at(r+1)
	}
	luma, blue, red := float64(p.Y[y*p.YStride+x]), chroma(p.Cb)-128, chroma(p.Cr)-128
	return [3]float64{luma + 1.402*red, luma - 0.344136*blue - 0.714136*red, luma + 1.772*blue}
}

func TestYCbCr(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var reader ycbcrReader // the same for all, of different sizes
	for _, ratio := range []struct {
		ratio        image.YCbCrSubsampleRatio
		across, down int
	}{
		{image.YCbCrSubsampleRatio444, 1, 1},
		{image.YCbCrSubsampleRatio422, 2, 1},
		{image.YCbCrSubsampleRatio420, 2, 2},
		{image.YCbCrSubsampleRatio440, 1, 2},
		{image.YCbCrSubsampleRatio411, 4, 1},
		{image.YCbCrSubsampleRatio410, 4, 2},
	} {
		for _, size := range []image.Point{{1, 1}, {2, 3}, {4, 5}, {5, 1}, {6, 2}, {17, 9}, {32, 16}} {
			t.Run(fmt.Sprintf("%v %v", ratio.ratio, size), func(t *testing.T) {
				// As image/jpeg has it: a part of whole blocks.
				whole := image.NewYCbCr(image.Rect(0, 0, 64, 32), ratio.ratio)
				for _, plane := range [][]uint8{whole.Y, whole.Cb, whole.Cr} {
					for i := range plane {
						plane[i] = uint8(64 + random.UintN(128))
					}
				}
				picture := whole.SubImage(image.Rectangle{Max: size}).(*image.YCbCr)
				var pixels []uint8
				lines := reader.lines(picture, jfif)
				for y := range size.Y {
					pixels = append(pixels, lines(y)...)
				}
				for i, got := range pixels {
					x, y := i/3%size.X, i/3/size.X
					want := min(max(slowYCbCr(picture, ratio.across, ratio.down, x, y)[i%3], 0), 255)
					if math.Abs(float64(got)-want) > 2 {
						t.Fatalf("at %d, %d: channel %d is %d, want %.2f", x, y, i%3, got, want)
					}
				}
			})
		}
	}
}
