package embedding

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/spatial/r2"
)

// divergenceByLoops is Kullback and Leibler's, over all pairs.
func divergenceByLoops(neighbours [][]affinity, places []r2.Vec) float64 {
	kernel := func(i, j int) float64 {
		x, y := places[i].X-places[j].X, places[i].Y-places[j].Y
		return 1 / (1 + x*x + y*y)
	}
	z := 0.0
	for i := range places {
		for j := range places {
			if i != j {
				z += kernel(i, j)
			}
		}
	}
	divergence := 0.0
	for i, row := range neighbours {
		for _, a := range row {
			divergence += a.p * math.Log(a.p/(kernel(i, a.image)/z))
		}
	}
	return divergence
}

// The gradient is that of finite differences, but for what Barnes and Hut's
// groups approximate; so is the divergence.
func TestTSNEGradient(t *testing.T) {
	m, err := newTSNE(t.Context(), blobs(120, 8, 3, 0.5), 10)
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.places { // as large as a map becomes
		m.places[i] = r2.Scale(5e4, m.places[i])
	}
	got, err := m.gradient(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	const step = 1e-5
	slope := func(at *float64) float64 {
		before := *at
		*at = before + step
		up := divergenceByLoops(m.neighbours, m.places)
		*at = before - step
		down := divergenceByLoops(m.neighbours, m.places)
		*at = before
		return (up - down) / (2 * step)
	}
	wrong, length := 0.0, 0.0
	for i := range m.places {
		want := r2.Vec{X: slope(&m.places[i].X), Y: slope(&m.places[i].Y)}
		wrong += r2.Norm2(r2.Sub(got[i], want))
		length += r2.Norm2(want)
	}
	if relative := math.Sqrt(wrong / length); relative > 0.02 {
		t.Errorf("the gradient is %.1f %% wrong", 100*relative)
	}
	divergence, err := m.divergence(t.Context())
	if want := divergenceByLoops(m.neighbours, m.places); err != nil || math.Abs(divergence-want) > 0.01*want {
		t.Errorf("divergence %g (%v), want %g", divergence, err, want)
	}
}

// Affinities are symmetric and sum to 1, and each image's own have the perplexity.
func TestAffinities(t *testing.T) {
	x := newIndex(t, blobs(90, 12, 3, 0.8))
	const perplexity = 12.0
	both, err := affinities(t.Context(), x, perplexity)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, row := range both {
		for _, a := range row {
			sum += a.p
			back := slices.IndexFunc(both[a.image], func(b affinity) bool { return b.image == i })
			if a.image == i || back < 0 || math.Abs(both[a.image][back].p-a.p) > 1e-15 {
				t.Fatalf("image %d has affinity %g to %d, and none or another back", i, a.p, a.image)
			}
		}
	}
	if math.Abs(sum-1) > 1e-12 {
		t.Errorf("all affinities sum to %g, want 1", sum)
	}
	nearest, err := x.Neighbours(t.Context(), 37)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range nearest {
		p := probabilities(row, perplexity)
		entropy := 0.0
		for k := range p {
			entropy -= p[k] * math.Log(p[k])
			if k > 0 && p[k] > p[k-1] {
				t.Errorf("image %d: the further neighbour %d has more", i, k)
			}
		}
		if got := math.Exp(entropy); math.Abs(got-perplexity) > 1e-3 {
			t.Errorf("image %d: perplexity %g, want %g", i, got, perplexity)
		}
	}
	// Neighbours all equally near are equally likely, whatever the perplexity.
	for _, p := range probabilities(make([]Neighbour, 5), 2) {
		if math.Abs(p-0.2) > 1e-12 {
			t.Errorf("one of five equal neighbours has probability %g, want 0.2", p)
		}
	}
}

func TestApart(t *testing.T) {
	places := []r2.Vec{{X: 1, Y: 1}, {X: 1, Y: 1}, {X: 1 + 1e-16, Y: 1}, {}, {}, {X: -70, Y: 5}, {X: 1, Y: 1}}
	seen := map[r2.Vec]bool{}
	for i, moved := range apart(places) {
		if seen[moved] {
			t.Errorf("place %d is taken already", i)
		}
		seen[moved] = true
		if offset := r2.Norm(r2.Sub(moved, places[i])); offset > 1e-9 {
			t.Errorf("place %d is moved by %g", i, offset)
		}
	}
	if got := apart(make([]r2.Vec, 3)); got[0] == got[1] || got[1] == got[2] {
		t.Errorf("all in one place stay there: %v", got)
	}
}

// Images with one feature have no order, but a map.
func TestTSNEOfEqualFeatures(t *testing.T) {
	s := &Set{Dim: 1, Features: slices.Repeat([]float32{2}, 40)}
	m, err := TSNE(t.Context(), s, TSNEOptions{Iterations: 100})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range m.Points {
		if math.IsNaN(p[0]+p[1]) || math.IsInf(p[0]+p[1], 0) {
			t.Fatalf("image %d is at %v", i, p)
		}
	}
}

func TestTSNEErrors(t *testing.T) {
	s := blobs(10, 3, 2, 1)
	for want, opts := range map[string]TSNEOptions{
		"perplexity 4, want 1 to 3 for 10 images": {Perplexity: 4},
		"perplexity 0.5, want 1 to 3":             {Perplexity: 0.5},
		"perplexity NaN, want 1 to 3":             {Perplexity: math.NaN()},
		"-1 iterations, want at least 1":          {Iterations: -1},
	} {
		if _, err := TSNE(t.Context(), s, opts); err == nil || !strings.HasPrefix(err.Error(), "embedding: t-SNE: "+want) {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
	if _, err := TSNE(t.Context(), small(), TSNEOptions{}); err == nil || !strings.Contains(err.Error(), "3 images, want at least 4") {
		t.Errorf("three images: got error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	last := 0
	m, err := TSNE(ctx, s, TSNEOptions{Progress: func(done, total int) {
		if last = done; done == 5 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || m != nil || last != 5 {
		t.Errorf("stopped after 5 iterations: map %v after %d, error %v", m, last, err)
	}
}
