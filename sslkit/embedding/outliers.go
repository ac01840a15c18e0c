package embedding

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

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
