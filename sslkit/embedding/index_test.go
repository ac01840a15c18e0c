package embedding

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// grid is a set whose similarities are exact in float32, with many ties: each
// feature has 1, 4 or 16 numbers that are not 0, all 1 or -1, so that its length
// is a power of two. Some are all 0.
func grid(n int, seed uint64) *Set {
	const dim = 24
	random := rand.New(rand.NewPCG(seed, 1))
	s := &Set{Dim: dim, Features: make([]float32, n*dim)}
	for i := range n {
		counts := []int{0, 1, 4, 4, 16}
		for _, d := range random.Perm(dim)[:counts[random.IntN(len(counts))]] {
			s.Row(i)[d] = 1
			if random.IntN(4) == 0 {
				s.Row(i)[d] = -1
			}
		}
	}
	return s
}

// cosine is the similarity of two features by loops in float64.
func cosine(a, b []float32) float64 {
	dot, aa, bb := 0.0, 0.0, 0.0
	for d := range a {
		dot += float64(a[d]) * float64(b[d])
		aa += float64(a[d]) * float64(a[d])
		bb += float64(b[d]) * float64(b[d])
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return dot / math.Sqrt(aa) / math.Sqrt(bb)
}

// nearestByLoops picks the most similar images one by one, of equals the first;
// never the one that is left out.
func nearestByLoops(s *Set, query []float32, k, leftOut int) []Neighbour {
	used, similarities := make([]bool, s.Len()), make([]float64, s.Len())
	for i := range s.Len() {
		used[i], similarities[i] = i == leftOut, cosine(query, s.Row(i))
	}
	var found []Neighbour
	for range k {
		best, highest := -1, math.Inf(-1)
		for i, c := range similarities {
			if !used[i] && c > highest {
				best, highest = i, c
			}
		}
		if best < 0 {
			break
		}
		used[best] = true
		found = append(found, Neighbour{best, float32(highest)})
	}
	return found
}

func newIndex(t testing.TB, s *Set) *Index {
	t.Helper()
	x, err := NewIndex(s)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestNearestAgreesWithLoops(t *testing.T) {
	s, queries := grid(150, 1), grid(40, 2)
	x := newIndex(t, s)
	for _, k := range []int{1, 3, 40, 149, 150, 1000} {
		all, err := x.NearestOf(t.Context(), queries, k)
		if err != nil {
			t.Fatal(err)
		}
		for q := range queries.Len() {
			want := nearestByLoops(s, queries.Row(q), k, -1)
			if diff := cmp.Diff(want, all[q]); diff != "" {
				t.Fatalf("k %d: neighbours of query %d (-want +got):\n%s", k, q, diff)
			}
			one, err := x.Nearest(queries.Row(q), k)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, one); diff != "" {
				t.Fatalf("k %d: query %d alone (-want +got):\n%s", k, q, diff)
			}
		}
		own, err := x.Neighbours(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Len() {
			if diff := cmp.Diff(nearestByLoops(s, s.Row(i), k, i), own[i]); diff != "" {
				t.Fatalf("k %d: neighbours of image %d (-want +got):\n%s", k, i, diff)
			}
		}
	}
}

// Features as networks make them: the order is that of float64, but for what
// rounding may exchange.
func TestNearestOfRealFeatures(t *testing.T) {
	s := blobs(300, 128, 5, 0.7)
	for i := range s.Features {
		s.Features[i] *= float32(1 + i/s.Dim) // lengths must not count
	}
	x := newIndex(t, s)
	own, err := x.Neighbours(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	for i, neighbours := range own {
		for rank, want := range nearestByLoops(s, s.Row(i), 10, i) {
			got := neighbours[rank]
			if math.Abs(float64(got.Similarity-want.Similarity)) > 1e-6 {
				t.Errorf("image %d: neighbour %d has similarity %g, want %g", i, rank, got.Similarity, want.Similarity)
			}
			if c := cosine(s.Row(i), s.Row(got.Image)); math.Abs(c-float64(got.Similarity)) > 1e-6 {
				t.Errorf("image %d: neighbour %d is said to have similarity %g, but has %g", i, got.Image, got.Similarity, c)
			}
		}
	}
}

// The answers are those of one processor, to the bit.
func TestSearchIsDeterministic(t *testing.T) {
	s := blobs(200, 100, 3, 1)
	answers := func() any {
		x := newIndex(t, s)
		neighbours, err1 := x.Neighbours(t.Context(), 7)
		one, err2 := x.Nearest(s.Row(5), 7)
		groups, err3 := x.Duplicates(t.Context(), 0.5)
		outliers, err4 := x.Outliers(t.Context(), 5)
		m, err5 := TSNE(t.Context(), s, TSNEOptions{Iterations: 20})
		if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
			t.Fatal(err)
		}
		return []any{neighbours, one, groups, outliers, m}
	}
	want := answers()
	for _, processors := range []int{1, 3, 16} {
		before := runtime.GOMAXPROCS(processors)
		got := answers()
		runtime.GOMAXPROCS(before)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d processors answer otherwise (-want +got):\n%s", processors, diff)
		}
	}
}

func TestExtremeFeatures(t *testing.T) {
	const tiny, huge = math.SmallestNonzeroFloat32, math.MaxFloat32
	s := &Set{Dim: 2, Features: []float32{tiny, tiny, huge, huge, 0, 0, -huge, -huge, huge, -huge}}
	got, err := newIndex(t, s).Nearest([]float32{3, 3}, 5)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		image      int
		similarity float64
	}{{0, 1}, {1, 1}, {2, 0}, {4, 0}, {3, -1}} {
		if got[i].Image != want.image || math.Abs(float64(got[i].Similarity)-want.similarity) > 1e-6 {
			t.Errorf("neighbour %d is %+v, want %+v", i, got[i], want)
		}
	}
}

func TestIndexErrors(t *testing.T) {
	x := newIndex(t, small())
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	nan := float32(math.NaN())
	for _, test := range []struct {
		want string
		do   func() error
	}{
		{"0 neighbours asked for, want at least 1", func() error { _, err := x.Nearest([]float32{1, 2}, 0); return err }},
		{"-1 neighbours asked for", func() error { _, err := x.Neighbours(t.Context(), -1); return err }},
		{"queries have 3 numbers, want 2 as in the index", func() error { _, err := x.Nearest([]float32{1, 2, 3}, 1); return err }},
		{"queries have 0 numbers, want 2", func() error { _, err := x.Nearest(nil, 1); return err }},
		{"queries: image 0: feature 1 is NaN", func() error { _, err := x.Nearest([]float32{1, nan}, 1); return err }},
		{"queries: no images", func() error { _, err := x.NearestOf(t.Context(), &Set{Dim: 2}, 1); return err }},
		{"search: context canceled", func() error { _, err := x.Neighbours(ended, 1); return err }},
		{"duplicates: context canceled", func() error { _, err := x.Duplicates(ended, 1); return err }},
		{"duplicates: similarity 0, want above 0 and at most 1", func() error { _, err := x.Duplicates(t.Context(), 0); return err }},
		{"duplicates: similarity 1.5, want", func() error { _, err := x.Duplicates(t.Context(), 1.5); return err }},
		{"duplicates: similarity NaN, want", func() error { _, err := x.Duplicates(t.Context(), nan); return err }},
		{"outliers: 0 neighbours asked for", func() error { _, err := x.Outliers(t.Context(), 0); return err }},
		{"context canceled", func() error { _, err := x.Outliers(ended, 1); return err }},
		{"outliers: one image has no neighbours", func() error {
			_, err := newIndex(t, &Set{Features: []float32{1}, Dim: 1}).Outliers(t.Context(), 1)
			return err
		}},
	} {
		if err := test.do(); err == nil || !strings.HasPrefix(err.Error(), "embedding: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got error %v, want %q", err, test.want)
		}
	}
	if _, err := x.Neighbours(ended, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: got error %v", err)
	}
}
