package pretrained

import (
	"fmt"
	"testing"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// An image has the same features alone as among others, however small, large or
// long they are, and none of them decides what memory all need.
func TestEmbedOddSizes(t *testing.T) {
	m := reference(t, "standard")
	kind := testkit.Any(t).Kind
	sizes := []dataset.Frame{{Height: 16, Width: 16}, {Height: 1, Width: 20_000}, {Height: 300, Width: 400}, {Height: 500, Width: 5}}
	among := &dataset.Images{Side: 300, Labels: make([]int32, len(sizes))}
	var alone []*dataset.Images
	for i, size := range sizes {
		one := &dataset.Images{Height: size.Height, Width: size.Width, Labels: []int32{0}}
		for p := range size.Height * size.Width {
			y, x := p/size.Width, p%size.Width
			one.Pixels = append(one.Pixels, uint8(40*i+y/4), uint8(x/90), uint8(3*x+5*y))
		}
		alone = append(alone, one)
		among.Frames = append(among.Frames, dataset.Frame{Row: len(among.Pixels) / (3 * among.Side), Height: size.Height, Width: size.Width})
		for row := range max(size.Height, size.Width) {
			line := make([]uint8, 3*among.Side)
			for column := range min(size.Height, size.Width) {
				y, x := row, column
				if size.Width > size.Height {
					y, x = column, row
				}
				copy(line[3*column:], one.Pixels[3*(y*size.Width+x):][:3])
			}
			among.Pixels = append(among.Pixels, line...)
		}
	}
	all := embed(t, m, kind, among)
	dim := len(all) / len(sizes)
	for i, one := range alone {
		what := fmt.Sprintf("features of %d×%d", one.Width, one.Height)
		testkit.NearNorm(t, what, all[i*dim:(i+1)*dim], embed(t, m, kind, one), 1e-5)
	}
}
