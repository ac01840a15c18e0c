package nn_test

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"testing"

	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

// TestUniformFanIn draws a million numbers: bounds, mean, variance and shape of
// a uniform distribution, and independence of the key's neighbours.
func TestUniformFanIn(t *testing.T) {
	const n, fanIn = 1 << 20, 27
	bound := 1 / math.Sqrt(fanIn)
	values := make([]float64, n)
	nn.UniformFanIn(fanIn)(values, 1)
	var mean, square float64
	var bins [64]float64
	for _, v := range values {
		if math.Abs(v) > bound {
			t.Fatalf("%g is beyond ±%g", v, bound)
		}
		mean += v / n
		square += v * v / n
		bins[min(63, int((v/bound+1)*32))]++
	}
	sigma := bound / math.Sqrt(3)
	if z := mean / sigma * math.Sqrt(n); math.Abs(z) > 4 {
		t.Errorf("mean %g is %.1f deviations from 0", mean, z)
	}
	if ratio := square / (sigma * sigma); math.Abs(ratio-1) > 4*math.Sqrt(0.8/n) {
		t.Errorf("variance is %g times that of the uniform distribution", ratio)
	}
	chi := 0.0
	for _, count := range bins {
		chi += (count - n/64) * (count - n/64) / (n / 64)
	}
	if z := (chi - 63) / math.Sqrt(2*63); math.Abs(z) > 4 {
		t.Errorf("χ² of 64 bins is %g", chi)
	}

	other := make([]float64, n)
	nn.UniformFanIn(fanIn)(other, 2)
	product := 0.0
	for i := range values {
		product += values[i] * other[i] / n
	}
	if z := product / (sigma * sigma) * math.Sqrt(n); math.Abs(z) > 4 {
		t.Errorf("keys 1 and 2 are correlated: %.1f deviations", z)
	}
}

// TestGoldenInitBounds compares the bounds with those of PyTorch's layers.
func TestGoldenInitBounds(t *testing.T) {
	fanIns := regexp.MustCompile(`(?:fan_in|linear) (\d+)`)
	for file, layers := range testkit.Golden[struct {
		Init struct {
			UniformBound map[string]float64 `json:"uniform_bound"`
		}
	}](t, "layers") {
		for layer, want := range layers.Init.UniformBound {
			match := fanIns.FindStringSubmatch(layer)
			if match == nil {
				t.Errorf("%s: init %q: cannot tell the fan-in", file, layer)
				continue
			}
			fanIn, _ := strconv.Atoi(match[1])
			values := make([]float64, 100_000)
			nn.UniformFanIn(fanIn)(values, 3)
			most := 0.0
			for _, v := range values {
				most = math.Max(most, math.Abs(v))
			}
			if most > want*(1+1e-11) || most < want*0.999 {
				t.Errorf("%s: %s: the largest of many is %g, want just below %g", file, layer, most, want)
			}
		}
	}
}

func TestConstant(t *testing.T) {
	values := make([]float64, 3)
	nn.Constant(2.5)(values, 9)
	if got := fmt.Sprint(values); got != "[2.5 2.5 2.5]" {
		t.Error(got)
	}
}

// Rows of length 1: of all directions, or of those without a negative number.
func TestUnitRows(t *testing.T) {
	const rows, dim = 4096, 6
	for name, c := range map[string]struct {
		init  nn.Init
		least float64 // mean of the numbers
		most  float64
	}{
		"UnitRows":         {nn.UnitRows(dim), -0.01, 0.01},
		"PositiveUnitRows": {nn.PositiveUnitRows(dim), 0.34, 0.38},
	} {
		values, other := make([]float64, rows*dim), make([]float64, rows*dim)
		c.init(values, 1)
		c.init(other, 2)
		mean, least := 0.0, 0.0
		for i, v := range values {
			mean += v / (rows * dim)
			least = min(least, v)
			if i%dim == 0 {
				testkit.NearScalar(t, name+": length of a row", testkit.Norm(values[i:i+dim]), 1, 1e-12)
			}
		}
		if !(mean > c.least && mean < c.most) || (least < 0) != (name == "UnitRows") {
			t.Errorf("%s: mean %g, least %g", name, mean, least)
		}
		if values[0] == other[0] {
			t.Errorf("%s: two keys draw the same", name)
		}
	}
}
