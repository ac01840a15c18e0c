package dataset

import (
	"math"

	"github.com/gossl/gossl/sslkit/internal/keys"
)

// catmullRom is the kernel that Pillow's BICUBIC has.
const catmullRom = -0.5

// shrink is shrinkLines for pixels in memory, [height, width, 3].
func shrink(pixels []uint8, from, to Frame) []uint8 {
	return shrinkLines(func(y int) []uint8 { return pixels[3*y*from.Width:][:3*from.Width] }, from, to)
}

// shrinkLines returns an image, [height, width, 3], scaled from one size to
// another, each side at most as long. lines gives its rows and is asked for each
// once, from top to bottom. The filter is [keys.Cubic] with a = -1/2, also known as
// Catmull-Rom and as Pillow's BICUBIC; it is stretched with the pixels that
// become one, so that all count, and cut off at the edges.
func shrinkLines(lines func(y int) []uint8, from, to Frame) []uint8 {
	down, across := newWindows(from.Height, to.Height), newWindows(from.Width, to.Width)
	scaled := make([]uint8, 0, to.Height*to.Width*3)
	var open, spare [][]float32 // sums of the new rows in work, which are those from next-len(open) to next
	next := 0
	for y := range from.Height {
		line := lines(y)
		for ; next < len(down) && down[next].first <= y; next++ {
			var sums []float32
			if last := len(spare) - 1; last >= 0 {
				sums, spare = spare[last], spare[:last]
			}
			sums = resize(sums, len(line))
			clear(sums)
			open = append(open, sums)
		}
		for k, sums := range open {
			rows := down[next-len(open)+k]
			if y-rows.first < len(rows.weights) {
				add(sums, line, rows.weights[y-rows.first])
			}
		}
		for len(open) > 0 && y-down[next-len(open)].first >= len(down[next-len(open)].weights)-1 {
			scaled = shrinkRow(scaled, open[0], across)
			spare = append(spare, open[0])
			open = open[1:]
		}
	}
	return scaled
}

// add adds weighted values to sums.
func add(sums []float32, line []uint8, weight float32) {
	line = line[:len(sums)]
	for i := range sums {
		sums[i] += weight * float32(line[i])
	}
}

// shrinkRow appends a new row, [width, 3], to those before.
func shrinkRow(scaled []uint8, sums []float32, across []window) []uint8 {
	for _, columns := range across {
		var r, g, b float32
		at := 3 * columns.first
		for _, weight := range columns.weights {
			pixel := sums[at : at+3 : at+3]
			r += weight * pixel[0]
			g += weight * pixel[1]
			b += weight * pixel[2]
			at += 3
		}
		scaled = append(scaled, round(r), round(g), round(b))
	}
	return scaled
}

// round returns the nearest possible value.
func round(value float32) uint8 { return uint8(int32(min(max(value, 0), 255) + 0.5)) }

// A window is the values that become one, and how much each counts.
type window struct {
	first   int
	weights []float32 // their sum is 1
}

// newWindows returns the windows that make count values of length ones.
func newWindows(length, count int) []window {
	scale := float64(length) / float64(count)
	windows := make([]window, count)
	for i := range windows {
		middle := (float64(i)+0.5)*scale - 0.5
		first := max(int(math.Ceil(middle-2*scale)), 0)
		last := min(int(math.Floor(middle+2*scale)), length-1)
		weights := make([]float32, last-first+1)
		sum := 0.0
		for k := range weights {
			sum += keys.Cubic((float64(first+k)-middle)/scale, catmullRom)
		}
		for k := range weights {
			weights[k] = float32(keys.Cubic((float64(first+k)-middle)/scale, catmullRom) / sum)
		}
		windows[i] = window{first, weights}
	}
	return windows
}
