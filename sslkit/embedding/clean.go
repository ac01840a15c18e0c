package embedding

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/gossl/gossl/sslkit/internal/par"
)

// similarityRounding is the rounding error of similarities in float32: that of two
// images with the same feature is 1, or less by at most this.
const similarityRounding = 1e-6

// A Group is an image and others that are nearly the same.
type Group struct {
	Keep   int         `json:"keep"`   // the image with the lowest index
	Others []Neighbour `json:"others"` // in order of the images; similarity is that with Keep
}

// duplicateBlock is the most images that are compared with all others before the
// groups grow. It bounds the memory where nearly all images are the same.
const duplicateBlock = 512

// Duplicates returns groups of images that are nearly the same. Each group keeps
// one image, and the others of the group have at least the wanted similarity
// with it. Once those others are removed from a set, no two of its images are that
// similar. An image is in one group at most; one that is like no other is in none.
//
// Images are taken in their order: each joins the first group whose kept image is
// similar enough, or else is kept itself. Groups are in order of the kept images.
// Similarities less than 1e-6 apart count as equal, because of rounding, so 1 finds
// images with the same feature.
//
// It returns an error if similarity is not above 0 and at most 1, and stops
// between images when the context ends.
func (x *Index) Duplicates(ctx context.Context, similarity float32) ([]Group, error) {
	if !(similarity > 0 && similarity <= 1) {
		return nil, fmt.Errorf("embedding: duplicates: similarity %g, want above 0 and at most 1", similarity)
	}
	least := similarity - similarityRounding
	gone := make([]bool, x.Len())
	var groups []Group
	block := min(32*runtime.GOMAXPROCS(0), duplicateBlock)
	for first := 0; first < x.Len(); first += block {
		last := min(first+block, x.Len())
		similar, err := x.similarAfter(ctx, first, last, least, gone)
		if err != nil {
			return nil, fmt.Errorf("embedding: duplicates: %w", err)
		}
		for i := first; i < last; i++ {
			if gone[i] {
				continue
			}
			group := Group{Keep: i}
			for _, other := range similar[i-first] {
				if !gone[other.Image] {
					gone[other.Image] = true
					group.Others = append(group.Others, other)
				}
			}
			if group.Others != nil {
				groups = append(groups, group)
			}
		}
	}
	return groups, nil
}

// similarAfter returns, for each of the images first to last−1, the later ones with at
// least that similarity. It leaves out images that are gone.
func (x *Index) similarAfter(ctx context.Context, first, last int, least float32, gone []bool) ([][]Neighbour, error) {
	similar := make([][]Neighbour, last-first)
	pieces := (last - first + queryBlock - 1) / queryBlock
	err := par.Each(ctx, pieces, func(piece int) {
		from := first + piece*queryBlock
		to := min(from+queryBlock, last)
		for other := from + 1; other < x.Len(); other++ {
			if gone[other] {
				continue
			}
			row := x.row(other)
			for i := from; i < min(to, other); i++ {
				if gone[i] {
					continue
				}
				if s := similarity(x.row(i), row); s >= least {
					similar[i-first] = append(similar[i-first], Neighbour{other, s})
				}
			}
		}
	})
	return similar, err
}

// An Outlier is an image, and how similar its nearest neighbours are to it.
type Outlier struct {
	Image      int     `json:"image"`
	Similarity float32 `json:"similarity"` // mean over the k nearest
}

// Outliers returns all images, those first that are least like any others: in
// order of the mean similarity to the k nearest neighbours. Of equal ones that
// with the lower index is first. If there are fewer than k others, it is the
// mean of all of them.
//
// The mean over k neighbours, with distances in place of similarities, is the
// weight of Angiulli and Pizzuti, Fast Outlier Detection in High Dimensional
// Spaces, 2002, section 2. A k above the number of near-duplicates that an image
// may have keeps two odd pictures that are alike from hiding each other.
//
// It returns an error if k is less than 1 or there is only one image, and stops
// between images when the context ends.
func (x *Index) Outliers(ctx context.Context, k int) ([]Outlier, error) {
	if x.Len() < 2 {
		return nil, errors.New("embedding: outliers: one image has no neighbours, want at least 2 images")
	}
	neighbours, err := x.search(ctx, x.unit, k, true)
	if err != nil {
		return nil, fmt.Errorf("embedding: outliers: %w", err)
	}
	outliers := make([]Outlier, len(neighbours))
	for i, nearest := range neighbours {
		sum := 0.0
		for _, n := range nearest {
			sum += float64(n.Similarity)
		}
		outliers[i] = Outlier{i, float32(sum / float64(len(nearest)))}
	}
	slices.SortStableFunc(outliers, func(a, b Outlier) int { return cmp.Compare(a.Similarity, b.Similarity) })
	return outliers, nil
}
