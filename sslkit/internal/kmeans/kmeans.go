// Package kmeans divides points into clusters, on all processors, in float64. What comes
// out depends on the arguments alone, not on how many processors there are.
package kmeans

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gossl/gossl/sslkit/internal/par"
)

// chunk is how many rows are one piece of work.
const chunk = 256

// Rows are points, row after row.
type Rows struct {
	Values []float64 // [rows, Dim]
	Dim    int
}

// Len is the number of rows.
func (x Rows) Len() int { return len(x.Values) / x.Dim }

// Row returns row i, which it shares.
func (x Rows) Row(i int) []float64 { return x.Values[i*x.Dim : (i+1)*x.Dim] }

// validate reports rows that cannot be divided into clusters.
func (x Rows) validate(clusters int) error {
	if x.Dim < 1 || len(x.Values)%x.Dim != 0 {
		return fmt.Errorf("kmeans: %d numbers are no whole rows of %d", len(x.Values), x.Dim)
	}
	if clusters < 1 || clusters > x.Len() {
		return fmt.Errorf("kmeans: %d clusters of %d rows, want at least 1 and not more than rows", clusters, x.Len())
	}
	for i, v := range x.Values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("kmeans: row %d has %g, want finite numbers", i/x.Dim, v)
		}
	}
	return nil
}

// Each piece does a chunk of n rows: those from first up to end.
func eachChunk(ctx context.Context, n int, do func(piece, first, end int)) error {
	return par.Each(ctx, (n+chunk-1)/chunk, func(i int) { do(i, i*chunk, min((i+1)*chunk, n)) })
}

// Start draws rows for [Lloyd] to start from, far from each other (k-means++), the
// same ones for the same key. Like scikit-learn it draws several for each
// cluster and takes the one that leaves the smallest sum of squared distances.
//
// Arthur, Vassilvitskii, k-means++: The Advantages of Careful Seeding, SODA 2007.
func Start(ctx context.Context, x Rows, clusters int, key uint64) ([]int, error) {
	if err := x.validate(clusters); err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(key, 0))
	trials := 2 + int(math.Log(float64(clusters)))
	nearest := make([]float64, x.Len()) // squared distance of each row to the nearest chosen one
	for i := range nearest {
		nearest[i] = math.Inf(1)
	}
	start := []int{random.IntN(x.Len())}
	left, err := nearer(ctx, x, nearest, start)
	if err != nil {
		return nil, err
	}
	nearest = left[0].distances
	for sum := left[0].sum; len(start) < clusters; {
		candidates := make([]int, trials)
		for i := range candidates {
			candidates[i] = draw(nearest, sum*random.Float64())
		}
		left, err := nearer(ctx, x, nearest, candidates)
		if err != nil {
			return nil, err
		}
		best := 0
		for i := range left {
			if left[i].sum < left[best].sum {
				best = i
			}
		}
		start = append(start, candidates[best])
		nearest, sum = left[best].distances, left[best].sum
	}
	return start, nil
}

// A rest is what one more chosen row leaves: squared distances to the nearest one.
type rest struct {
	distances []float64
	sum       float64
}

// nearer returns what each of the candidates would leave.
func nearer(ctx context.Context, x Rows, nearest []float64, candidates []int) ([]rest, error) {
	left := make([]rest, len(candidates))
	for i := range left {
		left[i].distances = make([]float64, x.Len())
	}
	err := eachChunk(ctx, x.Len(), func(_, first, end int) {
		for row := first; row < end; row++ {
			for i, c := range candidates {
				left[i].distances[row] = min(nearest[row], squared(x.Row(row), x.Row(c)))
			}
		}
	})
	for i := range left {
		for _, d := range left[i].distances {
			left[i].sum += d
		}
	}
	return left, err
}

// draw returns the row at which the sum of weights reaches a part of it.
func draw(weights []float64, part float64) int {
	last := 0
	for i, w := range weights {
		if w == 0 {
			continue // rows that are chosen already
		}
		if part -= w; part < 0 {
			return i
		}
		last = i
	}
	return last
}

// A Clustering is what came of [Lloyd].
type Clustering struct {
	Labels     []int // cluster of each row
	Centres    Rows  // [clusters, Dim]
	Iterations int   // that moved a row
}

// Lloyd moves clusters, whose centres are the start rows at first, until no row changes
// its cluster or the iterations are made. A row belongs to the nearest centre, by
// squared distance, the first of equals. A cluster without rows keeps its centre.
//
// Lloyd, Least Squares Quantization in PCM, 1982.
func Lloyd(ctx context.Context, x Rows, start []int, iterations int) (*Clustering, error) {
	if err := x.validate(len(start)); err != nil {
		return nil, err
	}
	c := &Clustering{Labels: make([]int, x.Len()), Centres: Rows{Dim: x.Dim}}
	for _, row := range start {
		if row < 0 || row >= x.Len() {
			return nil, fmt.Errorf("kmeans: start row %d, want 0 to %d", row, x.Len()-1)
		}
		c.Centres.Values = append(c.Centres.Values, x.Row(row)...)
	}
	moved := make([]bool, len(start)) // centres that are not where they were
	for i := range moved {
		moved[i] = true
	}
	for i := range c.Labels {
		c.Labels[i] = -1
	}
	for ; c.Iterations < iterations; c.Iterations++ {
		changed, err := c.assign(ctx, x, moved)
		if err != nil || !changed {
			return c, err
		}
		if err := c.move(ctx, x, moved); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// assign gives every row to the nearest centre, and says whether some row changed.
// Beside a centre that has not moved only those that have can be nearer now.
func (c *Clustering) assign(ctx context.Context, x Rows, moved []bool) (changed bool, err error) {
	all, some := make([]int, len(moved)), []int{}
	for i, m := range moved {
		all[i] = i
		if m {
			some = append(some, i)
		}
	}
	changes := make([]bool, (x.Len()+chunk-1)/chunk)
	err = eachChunk(ctx, x.Len(), func(piece, first, end int) {
		for row := first; row < end; row++ {
			label, candidates, point := c.Labels[row], all, x.Row(row)
			best, least := -1, math.Inf(1)
			if label >= 0 && !moved[label] {
				candidates, best, least = some, label, squared(point, c.Centres.Row(label))
			}
			for _, i := range candidates {
				if d := squared(point, c.Centres.Row(i)); d < least || d == least && i < best {
					best, least = i, d
				}
			}
			if best != label {
				c.Labels[row], changes[piece] = best, true
			}
		}
	})
	for _, change := range changes {
		changed = changed || change
	}
	return changed, err
}

// move makes centres the means of their rows, and notes which of them that moves.
func (c *Clustering) move(ctx context.Context, x Rows, moved []bool) error {
	members := make([][]int, len(moved))
	for row, label := range c.Labels {
		members[label] = append(members[label], row)
	}
	return par.Each(ctx, len(members), func(i int) {
		moved[i] = false
		if len(members[i]) == 0 {
			return
		}
		mean := make([]float64, x.Dim)
		for _, row := range members[i] {
			for d, v := range x.Row(row) {
				mean[d] += v
			}
		}
		centre := c.Centres.Row(i)
		for d := range mean {
			mean[d] /= float64(len(members[i]))
			moved[i] = moved[i] || mean[d] != centre[d]
		}
		copy(centre, mean)
	})
}

// squared is the squared distance of two points.
func squared(a, b []float64) float64 {
	var s0, s1, s2, s3 float64
	n := len(a) &^ 3
	b = b[:len(a)]
	for i := 0; i < n; i += 4 {
		d0, d1, d2, d3 := a[i]-b[i], a[i+1]-b[i+1], a[i+2]-b[i+2], a[i+3]-b[i+3]
		s0, s1, s2, s3 = s0+d0*d0, s1+d1*d1, s2+d2*d2, s3+d3*d3
	}
	for i := n; i < len(a); i++ {
		s0 += (a[i] - b[i]) * (a[i] - b[i])
	}
	return s0 + s1 + s2 + s3
}
