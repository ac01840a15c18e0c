package kmeans_test

import (
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/internal/kmeans"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// A golden case is rows by formula, and what scikit-learn makes of them.
type golden struct {
	Rows, Dim, Clusters int
	InitRows            []int `json:"init_rows"`
	X                   struct {
		Base       int
		CentreBase int `json:"centre_base"`
	}
	FirstLabels []int `json:"labels_first_iteration"`
	First       struct {
		Data []float64
	} `json:"centres_after_first_iteration"`
	Iterations int `json:"iterations_until_stable"`
	Labels     []int
	Centres    struct{ Data []float64 }
}

func (g golden) rows() kmeans.Rows {
	x := kmeans.Rows{Dim: g.Dim}
	for r := range g.Rows {
		for j := range g.Dim {
			x.Values = append(x.Values, 2*testkit.U(g.X.Base, r*g.Dim+j)-1+2*testkit.U(g.X.CentreBase, r%g.Clusters*g.Dim+j))
		}
	}
	return x
}

func TestGolden(t *testing.T) {
	for name, file := range testkit.Golden[struct{ Kmeans map[string]golden }](t, "loss_more") {
		for kind, g := range file.Kmeans {
			t.Run(name+"/"+kind, func(t *testing.T) {
				first, err := kmeans.Lloyd(t.Context(), g.rows(), g.InitRows, 1)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(first.Labels, g.FirstLabels) {
					t.Errorf("labels of the first iteration %v, want %v", first.Labels, g.FirstLabels)
				}
				testkit.Near(t, "centres of the first iteration", first.Centres.Values, g.First.Data, 1e-10)
				c, err := kmeans.Lloyd(t.Context(), g.rows(), g.InitRows, 300)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(c.Labels, g.Labels) || c.Iterations != g.Iterations {
					t.Errorf("after %d iterations labels %v, want after %d %v", c.Iterations, c.Labels, g.Iterations, g.Labels)
				}
				testkit.Near(t, "centres", c.Centres.Values, g.Centres.Data, 1e-10)
			})
		}
	}
}

// blobs are rows around as many far points as there are clusters, in turn.
func blobs(rows, dim, clusters int, far float64) kmeans.Rows {
	random := rand.New(rand.NewPCG(1, 2))
	centres := make([]float64, clusters*dim)
	for i := range centres {
		centres[i] = far * random.NormFloat64()
	}
	x := kmeans.Rows{Dim: dim}
	for r := range rows {
		for d := range dim {
			x.Values = append(x.Values, centres[r%clusters*dim+d]+random.NormFloat64())
		}
	}
	return x
}

// slow is Lloyd's algorithm as books have it: all distances in every iteration.
func slow(x kmeans.Rows, start []int) (labels []int, centres []float64) {
	for _, row := range start {
		centres = append(centres, x.Row(row)...)
	}
	labels = make([]int, x.Len())
	for changed := true; changed; {
		changed = false
		sums, counts := make([]float64, len(centres)), make([]float64, len(start))
		for r := range x.Len() {
			best, least := 0, math.Inf(1)
			for c := range start {
				d := 0.0
				for j, v := range x.Row(r) {
					d += (v - centres[c*x.Dim+j]) * (v - centres[c*x.Dim+j])
				}
				if d < least {
					best, least = c, d
				}
			}
			changed = changed || labels[r] != best
			labels[r] = best
			counts[best]++
			for j, v := range x.Row(r) {
				sums[best*x.Dim+j] += v
			}
		}
		for i := range centres {
			if n := counts[i/x.Dim]; n > 0 {
				centres[i] = sums[i] / n
			}
		}
	}
	return labels, centres
}

// What is left out, distances that cannot have changed which is least, changes nothing;
// nor does the number of processors.
func TestLloydAgainstLoops(t *testing.T) {
	x := blobs(1000, 7, 12, 1)
	start, err := kmeans.Start(t.Context(), x, 40, 5)
	if err != nil {
		t.Fatal(err)
	}
	labels, centres := slow(x, start)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var before *kmeans.Clustering
	for _, processors := range []int{1, 4} {
		runtime.GOMAXPROCS(processors)
		c, err := kmeans.Lloyd(t.Context(), x, start, 300)
		if err != nil {
			t.Fatal(err)
		}
		if c.Iterations < 5 {
			t.Fatalf("only %d iterations", c.Iterations)
		}
		if !slices.Equal(c.Labels, labels) {
			t.Errorf("%d processors: labels differ from those of loops", processors)
		}
		testkit.Near(t, "centres", c.Centres.Values, centres, 1e-12)
		if diff := cmp.Diff(before, c); before != nil && diff != "" {
			t.Errorf("the number of processors counts:\n%s", diff)
		}
		before = c
	}
}

// Rows far apart are found, whatever is drawn; the same key draws the same rows.
func TestStart(t *testing.T) {
	const clusters = 9
	x := blobs(400, 5, clusters, 100)
	draws := map[int]bool{}
	for key := range uint64(5) {
		start, err := kmeans.Start(t.Context(), x, clusters, key)
		if err != nil {
			t.Fatal(err)
		}
		again, err := kmeans.Start(t.Context(), x, clusters, key)
		if err != nil || !slices.Equal(start, again) {
			t.Errorf("key %d: %v, then %v, %v", key, start, again, err)
		}
		draws[start[0]] = true
		found := map[int]bool{}
		for _, row := range start {
			found[row%clusters] = true
		}
		if len(found) != clusters {
			t.Errorf("key %d: the start rows %v are of %d clusters, want %d", key, start, len(found), clusters)
		}
	}
	if len(draws) < 3 {
		t.Errorf("5 keys draw %d first rows", len(draws))
	}
}

// Equal rows, and clusters that no row is nearest to, are no trouble.
func TestEqualRows(t *testing.T) {
	x := kmeans.Rows{Values: make([]float64, 12), Dim: 2}
	start, err := kmeans.Start(t.Context(), x, 3, 0)
	if err != nil || len(start) != 3 {
		t.Fatal(start, err)
	}
	c, err := kmeans.Lloyd(t.Context(), x, start, 10)
	if err != nil || !slices.Equal(c.Labels, make([]int, 6)) || !slices.Equal(c.Centres.Values, make([]float64, 6)) {
		t.Errorf("%+v, %v", c, err)
	}
	x = kmeans.Rows{Values: []float64{0, 0, 10, 12}, Dim: 1}
	if c, err = kmeans.Lloyd(t.Context(), x, []int{0, 1, 2}, 10); err != nil || !slices.Equal(c.Centres.Values, []float64{0, 0, 11}) {
		t.Errorf("%+v, %v: want that the empty cluster keeps its centre", c, err)
	}
}

func TestErrors(t *testing.T) {
	ok := kmeans.Rows{Values: []float64{1, 2, 3, 4}, Dim: 2}
	for want, c := range map[string]struct {
		rows     kmeans.Rows
		clusters int
	}{
		"3 clusters of 2 rows":             {ok, 3},
		"0 clusters of 2 rows":             {ok, 0},
		"4 numbers are no whole rows of 3": {kmeans.Rows{Values: ok.Values, Dim: 3}, 1},
		"row 1 has NaN, want finite":       {kmeans.Rows{Values: []float64{1, math.NaN()}, Dim: 1}, 1},
		"row 0 has -Inf, want finite":      {kmeans.Rows{Values: []float64{math.Inf(-1), 1}, Dim: 1}, 1},
	} {
		if _, err := kmeans.Start(t.Context(), c.rows, c.clusters, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Start: %v, want %q", err, want)
		}
		if _, err := kmeans.Lloyd(t.Context(), c.rows, make([]int, c.clusters), 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Lloyd: %v, want %q", err, want)
		}
	}
	if _, err := kmeans.Lloyd(t.Context(), ok, []int{2}, 1); err == nil || !strings.Contains(err.Error(), "start row 2, want 0 to 1") {
		t.Error(err)
	}
}

// BenchmarkReset clusters rows as many as SMoG has in its bank.
func BenchmarkReset(b *testing.B) {
	x := blobs(10_000, 128, 1000, 0.3)
	iterations, n := 0, uint64(0)
	for b.Loop() {
		start, err := kmeans.Start(b.Context(), x, 300, n)
		if err != nil {
			b.Fatal(err)
		}
		c, err := kmeans.Lloyd(b.Context(), x, start, 300)
		if err != nil {
			b.Fatal(err)
		}
		iterations, n = iterations+c.Iterations, n+1
	}
	b.ReportMetric(float64(iterations)/float64(n), "iterations/op")
}
