// Package testkit is what sslkit's tests share: devices, reference numbers,
// inputs made by formula, and comparisons.
package testkit

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
)

// An Array is a row-major array of numbers.
type Array struct {
	Shape []int     `json:"shape"`
	Data  []float64 `json:"data"`
}

// Tensor returns the array in a number type.
func (a Array) Tensor(dtype dtypes.DType) *tensors.Tensor {
	return Tensor(dtype, a.Data, a.Shape...)
}

// Tensor returns values in a number type, float32 or float64.
func Tensor(dtype dtypes.DType, values []float64, dims ...int) *tensors.Tensor {
	if dtype == dtypes.Float64 {
		return tensors.FromFlatDataAndDimensions(values, dims...)
	}
	narrow := make([]float32, len(values))
	for i, v := range values {
		narrow[i] = float32(v)
	}
	return tensors.FromFlatDataAndDimensions(narrow, dims...)
}

// Values returns a tensor's numbers as float64, row-major.
func Values(t testing.TB, x *tensors.Tensor) []float64 {
	t.Helper()
	var values []float64
	x.MustConstFlatData(func(flat any) {
		switch flat := flat.(type) {
		case []float64:
			values = append(values, flat...)
		case []float32:
			values = widen(flat)
		case []int32:
			values = widen(flat)
		case []uint8:
			values = widen(flat)
		default:
			t.Fatalf("testkit: Values: cannot read a tensor of %s", x.DType())
		}
	})
	return values
}

func widen[T float32 | int32 | uint8](flat []T) []float64 {
	values := make([]float64, len(flat))
	for i, v := range flat {
		values[i] = float64(v)
	}
	return values
}

// Run compiles a graph, runs it once and returns the numbers of each output.
// An error fails the test.
func Run(t testing.TB, d *device.Device, build func(inputs []*graph.Node) []*graph.Node, inputs ...*tensors.Tensor) [][]float64 {
	t.Helper()
	exec, err := graph.NewExec(d.Backend, build)
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	return call(t, exec, inputs)
}

func call(t testing.TB, exec *graph.Exec, inputs []*tensors.Tensor) [][]float64 {
	t.Helper()
	args := make([]any, len(inputs))
	for i, in := range inputs {
		args[i] = in
	}
	outputs, err := exec.Exec(args...)
	if err != nil {
		t.Fatalf("%+v", err)
	}
	values := make([][]float64, len(outputs))
	for i, out := range outputs {
		values[i] = Values(t, out)
		out.MustFinalizeAll()
	}
	return values
}

// Near fails the test unless got equals want to a tolerance relative to want's
// root mean square, element by element.
func Near(t testing.TB, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	scale := math.Sqrt(sumSquares(want) / float64(max(len(want), 1)))
	for i := range want {
		if diff := math.Abs(got[i] - want[i]); !(diff <= tolerance*math.Max(scale, 1e-3)) {
			t.Errorf("%s: element %d is %.12g, want %.12g (off by %.2g of the scale %.3g, tolerance %.1g)",
				what, i, got[i], want[i], diff/scale, scale, tolerance)
			return
		}
	}
}

// Within fails the test unless got equals want to an absolute tolerance, element
// by element.
func Within(t testing.TB, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	for i := range want {
		if diff := math.Abs(got[i] - want[i]); !(diff <= tolerance) {
			t.Errorf("%s: element %d is %.12g, want %.12g (off by %.2g, tolerance %.1g)", what, i, got[i], want[i], diff, tolerance)
			return
		}
	}
}

// NearNorm fails the test unless the norm of got−want is at most tolerance
// times the norm of want.
func NearNorm(t testing.TB, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d numbers, want %d", what, len(got), len(want))
		return
	}
	diff := make([]float64, len(want))
	for i := range want {
		diff[i] = got[i] - want[i]
	}
	if off := math.Sqrt(sumSquares(diff) / sumSquares(want)); !(off <= tolerance) {
		t.Errorf("%s: off by %.2g of the norm, tolerance %.1g", what, off, tolerance)
	}
}

// NearScalar fails the test unless got equals want to a relative tolerance.
func NearScalar(t testing.TB, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*math.Max(math.Abs(want), 1e-3)) {
		t.Errorf("%s: %.12g, want %.12g (relative tolerance %.1g)", what, got, want, tolerance)
	}
}

// Norm is the Euclidean norm.
func Norm(values []float64) float64 { return math.Sqrt(sumSquares(values)) }

func sumSquares(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v * v
	}
	return sum
}

// Panics fails the test unless build panics with an error that holds the text.
func Panics(t testing.TB, d *device.Device, text string, build func(g *graph.Graph)) {
	t.Helper()
	defer func() {
		t.Helper()
		if r := recover(); r == nil {
			t.Errorf("no panic, want one about %q", text)
		} else if got := fmt.Sprint(r); !strings.Contains(got, text) {
			t.Errorf("panic %q, want one about %q", got, text)
		}
	}()
	g := graph.NewGraph(d.Backend, t.Name())
	defer g.Finalize()
	build(g)
}
