package embedding

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// axesByLoops finds principal axes of centred features one after the other, by
// power iteration on the covariance, and returns them with all variance.
func axesByLoops(s *Set, count int) (axes [][]float64, variances []float64, total float64) {
	n, dim := s.Len(), s.Dim
	mean := make([]float64, dim)
	for i := range n {
		for d, value := range s.Row(i) {
			mean[d] += float64(value) / float64(n)
		}
	}
	covariance := make([][]float64, dim)
	for a := range dim {
		covariance[a] = make([]float64, dim)
		for b := range dim {
			for i := range n {
				covariance[a][b] += (float64(s.Row(i)[a]) - mean[a]) * (float64(s.Row(i)[b]) - mean[b]) / float64(n-1)
			}
		}
		total += covariance[a][a]
	}
	for c := range count {
		axis := make([]float64, dim)
		axis[c] = 1
		variance := 0.0
		for range 5000 {
			next := make([]float64, dim)
			for a := range dim {
				for b := range dim {
					next[a] += covariance[a][b] * axis[b]
				}
			}
			variance = 0
			for _, value := range next {
				variance += value * value
			}
			variance = math.Sqrt(variance)
			for d := range axis {
				axis[d] = next[d] / variance
			}
		}
		for a := range dim { // what is left has the next axis
			for b := range dim {
				covariance[a][b] -= variance * axis[a] * axis[b]
			}
		}
		axes, variances = append(axes, axis), append(variances, variance)
	}
	return axes, variances, total
}

func TestPCAAgreesWithLoops(t *testing.T) {
	for _, n := range []int{6, 60} { // fewer and more images than numbers
		s := blobs(n, 10, 3, 0.5)
		const dims = 3
		m, err := PCA(s, dims)
		if err != nil {
			t.Fatal(err)
		}
		axes, variances, total := axesByLoops(s, dims)
		for c, axis := range axes {
			if got, want := m.Explained[c], variances[c]/total; math.Abs(got-want) > 1e-9 {
				t.Errorf("axis %d explains %.12f, want %.12f", c, got, want)
			}
			largest := 0.0
			for _, value := range axis {
				if math.Abs(value) > math.Abs(largest) {
					largest = value
				}
			}
			sum := 0.0
			for i := range s.Len() {
				want := 0.0
				for d := range axis {
					want += (float64(s.Row(i)[d]) - float64(s.Row(0)[d])) * axis[d]
				}
				want *= math.Copysign(1, largest)
				if got := m.Points[i][c] - m.Points[0][c]; math.Abs(got-want) > 1e-6 {
					t.Errorf("axis %d: image %d is at %g beside image 0, want %g", c, i, got, want)
				}
				sum += m.Points[i][c]
			}
			if math.Abs(sum) > 1e-6 {
				t.Errorf("axis %d: the points are not centred: their sum is %g", c, sum)
			}
		}
	}
}

// Points on a line through space: their places are known, and nothing is lost.
func TestPCAOfALine(t *testing.T) {
	s := &Set{Dim: 3}
	for i := range 5 {
		along := float32(i - 2)
		s.Features = append(s.Features, 1-along*6, 7-along*2, 2+along*3) // (-6, -2, 3) has length 7
	}
	m, err := PCA(s, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, point := range m.Points {
		if want := -7 * float64(i-2); math.Abs(point[0]-want) > 1e-12 || math.Abs(point[1]) > 1e-12 {
			t.Errorf("image %d is at %v, want %g, 0", i, point, want)
		}
	}
	if math.Abs(m.Explained[0]-1) > 1e-12 || math.Abs(m.Explained[1]) > 1e-12 {
		t.Errorf("explained %v, want 1 and 0", m.Explained)
	}
}

func TestPCAOfOneFeature(t *testing.T) {
	for _, s := range []*Set{{Features: []float32{3, 1}, Dim: 2}, {Features: []float32{3, 1, 3, 1, 3, 1}, Dim: 2}} {
		m, err := PCA(s, 1)
		if err != nil {
			t.Fatal(err)
		}
		for i, point := range m.Points {
			if math.Abs(point[0]) > 1e-12 {
				t.Errorf("image %d is at %g, want 0", i, point[0])
			}
		}
		if m.Explained[0] != 0 {
			t.Errorf("explained %v of no variance, want 0", m.Explained)
		}
	}
	for _, dims := range []int{0, 3} {
		if _, err := PCA(small(), dims); err == nil || !strings.Contains(err.Error(), "axes, want 1 to 2 for 3 features of 2 numbers") {
			t.Errorf("%d axes: got error %v", dims, err)
		}
	}
}

// Three blobs stay apart: every image's nearest on the map is of its own class.
func TestTSNEKeepsBlobsApart(t *testing.T) {
	s := blobs(150, 20, 3, 0.15)
	for d := range s.Dim { // images that are there twice, and one without a direction
		s.Row(3)[d], s.Row(6)[d], s.Row(9)[d] = s.Row(0)[d], s.Row(0)[d], 0
	}
	calls := 0
	m, err := TSNE(t.Context(), s, TSNEOptions{Iterations: 500, Progress: func(done, total int) {
		calls++
		if done != calls || total != 500 {
			t.Errorf("call %d: %d of %d are done", calls, done, total)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if calls != 500 || len(m.Points) != 150 || m.Explained != nil || !(m.Divergence > 0 && m.Divergence < 2) {
		t.Errorf("%d calls, %d points, explained %v, divergence %g", calls, len(m.Points), m.Explained, m.Divergence)
	}
	for i, p := range m.Points {
		best, nearest := -1, math.Inf(1)
		for j, q := range m.Points {
			if distance := math.Hypot(p[0]-q[0], p[1]-q[1]); j != i && distance < nearest {
				best, nearest = j, distance
			}
		}
		if i != 9 && best != 9 && s.Labels[best] != s.Labels[i] {
			t.Errorf("image %d of class %d is beside image %d of class %d", i, s.Labels[i], best, s.Labels[best])
		}
	}
}

// noise is a set without any structure.
func noise(n, dim int) *Set {
	random := rand.New(rand.NewPCG(9, 9))
	s := &Set{Dim: dim}
	for range n * dim {
		s.Features = append(s.Features, float32(random.NormFloat64()))
	}
	return s
}

func BenchmarkPCA(b *testing.B) {
	s := noise(10_000, 512)
	for b.Loop() {
		if _, err := PCA(s, 2); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTSNE measures iterations late in the map, when it is large.
func BenchmarkTSNE(b *testing.B) {
	t, err := newTSNE(b.Context(), blobs(10_000, 64, 10, 1), 30)
	if err != nil {
		b.Fatal(err)
	}
	for i := range t.places {
		t.places[i].X *= 3e5
		t.places[i].Y *= 3e5
	}
	for b.Loop() {
		if err := t.iterate(b.Context(), 1, arrangingMomentum); err != nil {
			b.Fatal(err)
		}
	}
}
