package dataset

import "math"

// shrink returns pixels, [height, width, 3], scaled to another size, each side
// at most as long. The filter is Keys' cubic with a = -1/2, also known as
// Catmull-Rom and as Pillow's BICUBIC; it is stretched with the pixels that
// become one, so that all count, and cut off at the edges.
//
// Keys, Cubic Convolution Interpolation for Digital Image Processing, 1981.
func shrink(pixels []uint8, height, width, newHeight, newWidth int) []uint8 {
	down, across := newWindows(height, newHeight), newWindows(width, newWidth)
	sums := make([]float32, 3*width)
	scaled := make([]uint8, 0, newHeight*newWidth*3)
	for _, rows := range down {
		clear(sums)
		for k, weight := range rows.weights {
			row := pixels[3*(rows.first+k)*width:][:len(sums)]
			for i := range sums {
				sums[i] += weight * float32(row[i])
			}
		}
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
			sum += cubic((float64(first+k) - middle) / scale)
		}
		for k := range weights {
			weights[k] = float32(cubic((float64(first+k)-middle)/scale) / sum)
		}
		windows[i] = window{first, weights}
	}
	return windows
}

// cubic is Keys' kernel; it is 0 from 2 on.
func cubic(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x < 1:
		return (1.5*x-2.5)*x*x + 1
	case x < 2:
		return ((-0.5*x+2.5)*x-4)*x + 2
	}
	return 0
}
