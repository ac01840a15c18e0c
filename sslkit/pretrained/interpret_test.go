package pretrained

import (
	"math"
	"testing"

	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/onnx"
)

// compute is one node of an ONNX graph, on [batch, channels, height, width].
func compute(t *testing.T, n *onnx.NodeProto, in []testkit.Array) testkit.Array {
	t.Helper()
	x := in[0]
	switch n.GetOpType() {
	case "Add":
		return broadcast(x, in[1], func(a, b float64) float64 { return a + b })
	case "Sub":
		return zip(x, spread(in[1], x.Shape), func(a, b float64) float64 { return a - b })
	case "Div":
		return zip(x, spread(in[1], x.Shape), func(a, b float64) float64 { return a / b })
	case "Relu":
		return zip(x, x, func(a, _ float64) float64 { return math.Max(a, 0) })
	case "BatchNormalization":
		e := float64(attribute(t, n, "epsilon").GetF())
		y := zip(x, spread(in[3], x.Shape), func(a, mean float64) float64 { return a - mean })
		y = zip(y, spread(in[4], x.Shape), func(a, variance float64) float64 { return a / math.Sqrt(variance+e) })
		y = zip(y, spread(in[1], x.Shape), func(a, scale float64) float64 { return a * scale })
		return zip(y, spread(in[2], x.Shape), func(a, shift float64) float64 { return a + shift })
	case "Conv":
		return convolve(t, n, in)
	case "MaxPool":
		return slide(t, n, x, x.Shape[1], func(c int, at func(c, ky, kx int) float64, kernel []int64) float64 {
			largest := math.Inf(-1)
			for ky := range int(kernel[0]) {
				for kx := range int(kernel[1]) {
					if v := at(c, ky, kx); !math.IsNaN(v) {
						largest = math.Max(largest, v)
					}
				}
			}
			return largest
		})
	case "GlobalAveragePool":
		area := x.Shape[2] * x.Shape[3]
		y := testkit.Array{Shape: []int{x.Shape[0], x.Shape[1], 1, 1}, Data: make([]float64, len(x.Data)/area)}
		for i, v := range x.Data {
			y.Data[i/area] += v / float64(area)
		}
		return y
	case "Flatten":
		if axis := attribute(t, n, "axis").GetI(); axis != 1 {
			t.Fatalf("Flatten has axis %d, want 1", axis)
		}
		return testkit.Array{Shape: []int{x.Shape[0], len(x.Data) / x.Shape[0]}, Data: x.Data}
	}
	return computeTokens(t, n, in)
}

func attribute(t *testing.T, n *onnx.NodeProto, name string) *onnx.AttributeProto {
	t.Helper()
	for _, a := range n.Attribute {
		if a.GetName() == name {
			return a
		}
	}
	t.Fatalf("node %q has no %s", n.GetName(), name)
	return nil
}

func zip(a, b testkit.Array, combine func(a, b float64) float64) testkit.Array {
	y := testkit.Array{Shape: a.Shape, Data: make([]float64, len(a.Data))}
	for i := range y.Data {
		y.Data[i] = combine(a.Data[i], b.Data[i])
	}
	return y
}

// spread repeats a number a channel over images and pixels.
func spread(channels testkit.Array, shape []int) testkit.Array {
	y := testkit.Array{Shape: shape, Data: make([]float64, shape[0]*shape[1]*shape[2]*shape[3])}
	for i := range y.Data {
		y.Data[i] = channels.Data[i/(shape[2]*shape[3])%shape[1]]
	}
	return y
}

// padsOf are a window's paddings; there need not be any.
func padsOf(n *onnx.NodeProto) []int64 {
	for _, a := range n.Attribute {
		if a.GetName() == "pads" {
			return a.Ints
		}
	}
	return []int64{0, 0, 0, 0}
}

func convolve(t *testing.T, n *onnx.NodeProto, in []testkit.Array) testkit.Array {
	kernel := in[1]
	channels, height, width := kernel.Shape[1], kernel.Shape[2], kernel.Shape[3]
	y := slide(t, n, in[0], kernel.Shape[0], func(o int, at func(c, ky, kx int) float64, _ []int64) float64 {
		sum := 0.0
		for c := range channels {
			for ky := range height {
				for kx := range width {
					if v := at(c, ky, kx); !math.IsNaN(v) {
						sum += v * kernel.Data[((o*channels+c)*height+ky)*width+kx]
					}
				}
			}
		}
		return sum
	})
	if len(in) > 2 {
		y = zip(y, spread(in[2], y.Shape), func(a, b float64) float64 { return a + b })
	}
	return y
}

// slide computes a number for each place of a node's window. at gives what the
// window covers, NaN for padding.
func slide(t *testing.T, n *onnx.NodeProto, x testkit.Array, out int,
	number func(out int, at func(c, ky, kx int) float64, kernel []int64) float64) testkit.Array {
	t.Helper()
	kernel, strides, pads := attribute(t, n, "kernel_shape").Ints, attribute(t, n, "strides").Ints, padsOf(n)
	batch, channels, height, width := x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3]
	rows := (height+int(pads[0]+pads[2]-kernel[0]))/int(strides[0]) + 1
	columns := (width+int(pads[1]+pads[3]-kernel[1]))/int(strides[1]) + 1
	y := testkit.Array{Shape: []int{batch, out, rows, columns}}
	for image := range batch {
		for o := range out {
			for row := range rows {
				for column := range columns {
					at := func(c, ky, kx int) float64 {
						h, w := row*int(strides[0])+ky-int(pads[0]), column*int(strides[1])+kx-int(pads[1])
						if h < 0 || h >= height || w < 0 || w >= width {
							return math.NaN()
						}
						return x.Data[((image*channels+c)*height+h)*width+w]
					}
					y.Data = append(y.Data, number(o, at, kernel))
				}
			}
		}
	}
	return y
}
