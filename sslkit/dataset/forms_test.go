package dataset

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestFormsAreDistances checks what drawing relies on: no form reaches beyond
// formReach, and from place to place none changes faster than the distance.
func TestFormsAreDistances(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, f := range forms {
		inside := 0
		for range 20_000 {
			x, y := between(random, -2, 2), between(random, -2, 2)
			here := f.form(x, y)
			if here < 0 {
				inside++
				if math.Hypot(x, y) > formReach {
					t.Fatalf("%s: (%.3f, %.3f) is inside, and beyond %g", f.name, x, y, formReach)
				}
			}
			dx, dy := between(random, -0.1, 0.1), between(random, -0.1, 0.1)
			if change := math.Abs(f.form(x+dx, y+dy) - here); change > math.Hypot(dx, dy)+1e-9 {
				t.Fatalf("%s: from (%.3f, %.3f) the distance changes by %.4f over %.4f", f.name, x, y, change, math.Hypot(dx, dy))
			}
		}
		if area := float64(inside) / 20_000 * 16; area < 0.7 || area > 2.6 {
			t.Errorf("%s: area %.2f, want 0.7 to 2.6", f.name, area)
		}
	}
}

// TestFormsDiffer lays each form over each other one of the same area, turned
// and mirrored as well as can be: they must not agree.
func TestFormsDiffer(t *testing.T) {
	const most = 0.93 // of their union; a disc and a square come to 0.84
	for i, f := range forms {
		for _, g := range forms[i+1:] {
			agreement := 0.0
			for degrees := 0; degrees < 360; degrees += 10 {
				for _, mirror := range []float64{1, -1} {
					agreement = max(agreement, overlap(f.form, g.form, float64(degrees)*math.Pi/180, mirror))
				}
			}
			if agreement > most {
				t.Errorf("%s and %s agree on %.2f of their union, want %.2f at most", f.name, g.name, agreement, most)
			}
		}
	}
}

// overlap returns the intersection of two forms over their union, the second
// one turned, mirrored and brought to the area of the first.
func overlap(f, g form, angle, mirror float64) float64 {
	scale := math.Sqrt(area(g) / area(f))
	sin, cos := math.Sincos(angle)
	both, either := 0, 0
	raster(func(x, y float64) {
		inF := f(x, y) < 0
		inG := g(scale*mirror*(cos*x+sin*y), scale*(cos*y-sin*x)) < 0
		if inF && inG {
			both++
		}
		if inF || inG {
			either++
		}
	})
	return float64(both) / float64(either)
}

func area(f form) float64 {
	inside := 0.0
	raster(func(x, y float64) {
		if f(x, y) < 0 {
			inside++
		}
	})
	return inside
}

// raster visits the points of a grid over the square from -2 to 2.
func raster(visit func(x, y float64)) {
	const step = 4.0 / 64
	for y := -2 + step/2; y < 2; y += step {
		for x := -2 + step/2; x < 2; x += step {
			visit(x, y)
		}
	}
}

func TestByteSum(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, x := range []uint64{0, 1, 1 << 63, math.MaxUint64, random.Uint64(), random.Uint64()} {
		want := 0.0
		for shift := 0; shift < 64; shift += 8 {
			want += float64(x >> shift & 255)
		}
		if got := byteSum(x); got != want {
			t.Errorf("byteSum(%#x) = %g, want %g", x, got, want)
		}
	}
}

func TestTintKeepsBrightness(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		c := tint(0.4, 0.3, random)
		if gray := 0.299*c[0] + 0.587*c[1] + 0.114*c[2]; math.Abs(gray-0.4) > 1e-12 {
			t.Fatalf("%v has brightness %g, want 0.4", c, gray)
		}
		if chroma := math.Hypot(c[0]-0.4, c[2]-0.4); chroma > 0.3+1e-12 {
			t.Fatalf("%v has chroma %g, want 0.3 at most", c, chroma)
		}
	}
}
