package keys_test

import (
	"math"
	"testing"

	"github.com/gossl/gossl/sslkit/internal/keys"
)

// The kernel is 1 at 0 and 0 at all other whole numbers, even, and of four neighbours at
// distances of 1 the weights sum to 1.
func TestCubic(t *testing.T) {
	for _, a := range []float64{-0.5, -0.75} {
		for x, want := range map[float64]float64{0: 1, 1: 0, -1: 0, 2: 0, 3: 0, 0.5: (4 - a) / 8, 1.5: a / 8} {
			if got := keys.Cubic(x, a); math.Abs(got-want) > 1e-15 {
				t.Errorf("a %g: %g at %g, want %g", a, got, x, want)
			}
		}
		for x := 0.0; x < 1; x += 0.125 {
			if sum := keys.Cubic(x-2, a) + keys.Cubic(x-1, a) + keys.Cubic(x, a) + keys.Cubic(x+1, a); math.Abs(sum-1) > 1e-14 {
				t.Errorf("a %g: weights at %g sum to %g, want 1", a, x, sum)
			}
		}
	}
}
