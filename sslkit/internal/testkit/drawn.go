package testkit

import (
	"math"
	"slices"
	"testing"
)

// Drawn is what numbers are drawn from at first. One field is set, or none: then all
// numbers are 0.
type Drawn struct {
	Constant float64
	Uniform  float64 // up to so much on both sides of 0
	Normal   float64 // deviation, of mean 0
}

// Check fails the test unless numbers may be so drawn: by their deviation from 0, and by
// the largest.
func (s Drawn) Check(t testing.TB, what string, values []float64) {
	t.Helper()
	n := float64(len(values))
	deviation := Norm(values) / math.Sqrt(n)
	most := math.Max(slices.Max(values), -slices.Min(values))
	want := s.Normal + s.Uniform/math.Sqrt(3)
	// Of n numbers, the deviation is known to within 1/√(2n): four times that.
	off := math.Abs(deviation-want) > 4*want/math.Sqrt(2*n)
	switch {
	case s.Uniform > 0 && (off || most > s.Uniform || most < s.Uniform*(1-10/n)):
		t.Errorf("%s: deviation %g, at most %g, want %g, at most %g", what, deviation, most, want, s.Uniform)
	case s.Normal > 0 && (off || most < 2*s.Normal || most > 6*s.Normal):
		t.Errorf("%s: deviation %g, at most %g, want %g, at most 2 to 6 times that", what, deviation, most, want)
	case s.Uniform == 0 && s.Normal == 0 && (slices.Min(values) != s.Constant || slices.Max(values) != s.Constant):
		t.Errorf("%s: numbers from %g to %g, want %g", what, slices.Min(values), slices.Max(values), s.Constant)
	}
}
