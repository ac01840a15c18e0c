package pretrained

import (
	"math"
	"slices"
	"testing"

	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/onnx"
)

// computeTokens is one node of a transformer's ONNX graph.
func computeTokens(t *testing.T, n *onnx.NodeProto, in []testkit.Array) testkit.Array {
	t.Helper()
	x := in[0]
	switch n.GetOpType() {
	case "Mul":
		return broadcast(x, in[1], func(a, b float64) float64 { return a * b })
	case "Erf":
		return zip(x, x, func(a, _ float64) float64 { return math.Erf(a) })
	case "MatMul":
		return products(x, in[1])
	case "Transpose":
		return transposed(x, attribute(t, n, "perm").Ints)
	case "Reshape":
		return reshaped(x, in[1].Data)
	case "Gather":
		return gathered(t, x, in[1], int(attribute(t, n, "axis").GetI()))
	case "Pad":
		return padded(x, in[1].Data)
	case "Softmax", "LayerNormalization":
		if axis := attribute(t, n, "axis").GetI(); axis != -1 {
			t.Fatalf("%s has axis %d, want -1", n.GetOpType(), axis)
		}
		y := testkit.Array{Shape: x.Shape}
		for row := range slices.Chunk(x.Data, x.Shape[len(x.Shape)-1]) {
			if n.GetOpType() == "Softmax" {
				y.Data = append(y.Data, softmax(row)...)
			} else {
				y.Data = append(y.Data, normed(row, in[1].Data, in[2].Data, float64(attribute(t, n, "epsilon").GetF()))...)
			}
		}
		return y
	}
	t.Fatalf("operator %s is not known to the test", n.GetOpType())
	return testkit.Array{}
}

func softmax(row []float64) []float64 {
	var y []float64
	sum := 0.0
	for _, v := range row {
		y = append(y, math.Exp(v))
		sum += math.Exp(v)
	}
	for i := range y {
		y[i] /= sum
	}
	return y
}

func normed(row, scale, shift []float64, epsilon float64) []float64 {
	mean, variance := 0.0, 0.0
	for _, v := range row {
		mean += v / float64(len(row))
	}
	for _, v := range row {
		variance += (v - mean) * (v - mean) / float64(len(row))
	}
	y := make([]float64, len(row))
	for i, v := range row {
		y[i] = (v-mean)/math.Sqrt(variance+epsilon)*scale[i] + shift[i]
	}
	return y
}

// strides are how far the elements of each axis lie apart.
func strides(shape []int) []int {
	s := make([]int, len(shape))
	step := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = step
		step *= shape[i]
	}
	return s
}

// broadcast combines arrays by NumPy's rules, of which the first one has the result's rank.
func broadcast(a, b testkit.Array, combine func(a, b float64) float64) testkit.Array {
	if len(b.Shape) > len(a.Shape) {
		return broadcast(b, a, func(x, y float64) float64 { return combine(y, x) })
	}
	shapeB := append(slices.Repeat([]int{1}, len(a.Shape)-len(b.Shape)), b.Shape...)
	shape := make([]int, len(a.Shape))
	size := 1
	for i := range shape {
		shape[i] = max(a.Shape[i], shapeB[i])
		size *= shape[i]
	}
	y := testkit.Array{Shape: shape, Data: make([]float64, size)}
	steps, stepsA, stepsB := strides(shape), strides(a.Shape), strides(shapeB)
	for k := range y.Data {
		atA, atB := 0, 0
		for i := range shape {
			place := k / steps[i] % shape[i]
			atA += place % a.Shape[i] * stepsA[i]
			atB += place % shapeB[i] * stepsB[i]
		}
		y.Data[k] = combine(a.Data[atA], b.Data[atB])
	}
	return y
}

// products are of matrices; b may be one for all of a's.
func products(a, b testkit.Array) testkit.Array {
	rank := len(a.Shape)
	rows, inner, columns := a.Shape[rank-2], a.Shape[rank-1], b.Shape[len(b.Shape)-1]
	y := testkit.Array{Shape: append(slices.Clone(a.Shape[:rank-1]), columns)}
	for stack := range len(a.Data) / rows / inner {
		atB := 0
		if len(b.Shape) == rank {
			atB = stack * inner * columns
		}
		for row := range rows {
			for column := range columns {
				sum := 0.0
				for k := range inner {
					sum += a.Data[(stack*rows+row)*inner+k] * b.Data[atB+k*columns+column]
				}
				y.Data = append(y.Data, sum)
			}
		}
	}
	return y
}

func transposed(x testkit.Array, perm []int64) testkit.Array {
	y := testkit.Array{Data: make([]float64, len(x.Data))}
	for _, axis := range perm {
		y.Shape = append(y.Shape, x.Shape[axis])
	}
	from, to := strides(x.Shape), strides(y.Shape)
	for k := range y.Data {
		at := 0
		for i, axis := range perm {
			at += k / to[i] % y.Shape[i] * from[axis]
		}
		y.Data[k] = x.Data[at]
	}
	return y
}

// reshaped has 0 for an axis that stays, and −1 for what remains.
func reshaped(x testkit.Array, wanted []float64) testkit.Array {
	shape, size, open := make([]int, len(wanted)), 1, -1
	for i, d := range wanted {
		switch shape[i] = int(d); shape[i] {
		case 0:
			shape[i] = x.Shape[i]
		case -1:
			open, shape[i] = i, 1
		}
		size *= shape[i]
	}
	if open >= 0 {
		shape[open] = len(x.Data) / size
	}
	return testkit.Array{Shape: shape, Data: x.Data}
}

// gathered takes one place of an axis away.
func gathered(t *testing.T, x, place testkit.Array, axis int) testkit.Array {
	t.Helper()
	if len(place.Shape) != 0 {
		t.Fatalf("Gather of %v places, want a scalar", place.Shape)
	}
	steps := strides(x.Shape)
	y := testkit.Array{Shape: slices.Delete(slices.Clone(x.Shape), axis, axis+1)}
	for k, v := range x.Data {
		if k/steps[axis]%x.Shape[axis] == int(place.Data[0]) {
			y.Data = append(y.Data, v)
		}
	}
	return y
}

// padded has zeros before and behind each axis.
func padded(x testkit.Array, pads []float64) testkit.Array {
	rank := len(x.Shape)
	y := testkit.Array{Shape: slices.Clone(x.Shape)}
	size := 1
	for i := range y.Shape {
		y.Shape[i] += int(pads[i] + pads[rank+i])
		size *= y.Shape[i]
	}
	y.Data = make([]float64, size)
	from, to := strides(x.Shape), strides(y.Shape)
	for k, v := range x.Data {
		at := 0
		for i := range rank {
			at += (k/from[i]%x.Shape[i] + int(pads[i])) * to[i]
		}
		y.Data[at] = v
	}
	return y
}
