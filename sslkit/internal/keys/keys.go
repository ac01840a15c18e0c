// Package keys is Keys' kernel, by which images and tables of positions are resized.
package keys

import "math"

// Cubic is the weight of what lies x away, 0 from 2 on. With a = -1/2 it is also known as
// Catmull-Rom, Pillow's filter; PyTorch has -3/4 where it resizes without antialias.
//
// Keys, Cubic Convolution Interpolation for Digital Image Processing, 1981.
func Cubic(x, a float64) float64 {
	switch x = math.Abs(x); {
	case x < 1:
		return ((a+2)*x-(a+3))*x*x + 1
	case x < 2:
		return (((x-5)*x+8)*x - 4) * a
	}
	return 0
}
