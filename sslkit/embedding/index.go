package embedding

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/gossl/gossl/sslkit/internal/par"
	"gonum.org/v1/gonum/blas/blas32"
)

// An Index answers questions about the images of a set by comparing all pairs,
// on all processors. Its answers depend on nothing but the features.
//
// Similarity is the cosine of the angle between two features, from -1 to 1,
// computed in float32: the last digit or two may be rounded. A feature of zeros
// has no direction; its similarity with everything, itself included, is 0.
type Index struct {
	dim    int
	unit   []float32 // [images, dim], each row of length 1, or of zeros
	origin *Origin
}

// A Neighbour is an image, and how similar it is to what was asked for.
type Neighbour struct {
	Image      int     `json:"image"`
	Similarity float32 `json:"similarity"` // -1 to 1
}

// NewIndex prepares a set for questions. It copies the features, so that the set may
// change afterwards. It returns the error of [Set.Validate].
func NewIndex(s *Set) (*Index, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	return &Index{dim: s.Dim, unit: normalized(s.Features, s.Dim), origin: s.Origin}, nil
}

// Len returns the number of images.
func (x *Index) Len() int { return len(x.unit) / x.dim }

func (x *Index) row(i int) []float32 { return x.unit[i*x.dim : (i+1)*x.dim] }

// normalized returns a copy whose rows have length 1. Rows of zeros stay.
func normalized(features []float32, dim int) []float32 {
	unit := make([]float32, len(features))
	for start := 0; start < len(features); start += dim {
		row := features[start : start+dim]
		squares := 0.0
		for _, value := range row {
			squares += float64(value) * float64(value)
		}
		if squares == 0 {
			continue
		}
		length := math.Sqrt(squares)
		for d, value := range row {
			unit[start+d] = float32(float64(value) / length)
		}
	}
	return unit
}

// similarity of two features of length 1. Rounding must not make it more than 1.
func similarity(a, b []float32) float32 {
	cosine := blas32.Dot(blas32.Vector{N: len(a), Inc: 1, Data: a}, blas32.Vector{N: len(b), Inc: 1, Data: b})
	return min(max(cosine, -1), 1)
}

// Nearest returns the k images most similar to a feature, the most similar
// first, of equally similar ones that with the lower index. There are fewer if
// the set has fewer.
//
// It returns an error if the feature has another dimension than the set or is
// not finite, or k is less than 1.
func (x *Index) Nearest(query []float32, k int) ([]Neighbour, error) {
	found, err := x.NearestOf(context.Background(), &Set{Features: query, Dim: len(query)}, k)
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// NearestOf returns the k images most similar to each image of another set, as
// [Index.Nearest] does. Sets whose origins are known to differ are an error. It
// stops between images when the context ends.
func (x *Index) NearestOf(ctx context.Context, queries *Set, k int) ([][]Neighbour, error) {
	if err := x.origin.Match(queries.Origin); err != nil {
		return nil, fmt.Errorf("embedding: queries: %w", err)
	}
	if queries.Dim != x.dim {
		return nil, fmt.Errorf("embedding: queries have %d numbers, want %d as in the index", queries.Dim, x.dim)
	}
	if err := queries.validate(); err != nil {
		return nil, fmt.Errorf("embedding: queries: %w", err)
	}
	found, err := x.search(ctx, normalized(queries.Features, x.dim), k, false)
	if err != nil {
		return nil, fmt.Errorf("embedding: search: %w", err)
	}
	return found, nil
}

// Neighbours returns the k images most similar to each image of the set, itself
// left out, as [Index.Nearest] does. It stops between images when the context ends.
func (x *Index) Neighbours(ctx context.Context, k int) ([][]Neighbour, error) {
	found, err := x.search(ctx, x.unit, k, true)
	if err != nil {
		return nil, fmt.Errorf("embedding: search: %w", err)
	}
	return found, nil
}

// queryBlock is how many queries are compared with an image while it is in the
// processor's cache: few enough to fit there, too.
const queryBlock = 16

// search finds the neighbours of queries, [n, dim] of length 1. With own, query i
// is image i of the index and not its own neighbour.
func (x *Index) search(ctx context.Context, queries []float32, k int, own bool) ([][]Neighbour, error) {
	if k < 1 {
		return nil, fmt.Errorf("%d neighbours asked for, want at least 1", k)
	}
	n := len(queries) / x.dim
	// If there are fewer blocks of queries than processors, each is searched in parts of the images.
	blocks := (n + queryBlock - 1) / queryBlock
	parts := min((runtime.GOMAXPROCS(0)+blocks-1)/blocks, x.Len())
	found := make([]nearest, n*parts) // [queries, parts]
	err := par.Each(ctx, blocks*parts, func(piece int) {
		block, part := piece/parts, piece%parts
		first, last := block*queryBlock, min((block+1)*queryBlock, n)
		for q := first; q < last; q++ {
			found[q*parts+part] = newNearest(k)
		}
		for i := part * x.Len() / parts; i < (part+1)*x.Len()/parts; i++ {
			image := x.row(i)
			for q := first; q < last; q++ {
				if own && q == i {
					continue
				}
				found[q*parts+part].add(Neighbour{i, similarity(queries[q*x.dim:(q+1)*x.dim], image)})
			}
		}
	})
	if err != nil {
		return nil, err
	}
	neighbours := make([][]Neighbour, n)
	for q := range neighbours {
		all := found[q*parts]
		for _, other := range found[q*parts+1 : (q+1)*parts] {
			all.best = append(all.best, other.best...)
		}
		neighbours[q] = all.sorted()
	}
	return neighbours, nil
}

// nearest keeps the k most similar of the neighbours that it is given, in order
// of their images.
type nearest struct {
	k     int
	best  []Neighbour
	least float32 // similarity that a further neighbour must exceed to be among the k
}

func newNearest(k int) nearest { return nearest{k: k, least: -2} }

func (n *nearest) add(candidate Neighbour) {
	// Of equally similar ones the first count, and this is not the first.
	if candidate.Similarity <= n.least {
		return
	}
	n.best = append(n.best, candidate)
	if len(n.best) >= 2*n.k { // sorting now and then is cheaper than keeping order
		n.best = n.sorted()
		n.least = n.best[n.k-1].Similarity
	}
}

// sorted returns the k most similar, the most similar first.
func (n *nearest) sorted() []Neighbour {
	slices.SortFunc(n.best, func(a, b Neighbour) int {
		return cmp.Or(cmp.Compare(b.Similarity, a.Similarity), cmp.Compare(a.Image, b.Image))
	})
	return n.best[:min(n.k, len(n.best))]
}
