package embedding

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/gossl/gossl/sslkit/internal/par"
)

// An affinity is how much an image should be another's neighbour: the
// probability p of the pair. All of them together sum to 1.
type affinity struct {
	image int
	p     float64
}

// affinities returns, for each image, its affinities to others, in order of those.
// Images i and j have the same affinity in both directions, and none if neither is
// among the 3·perplexity nearest of the other.
func affinities(ctx context.Context, x *Index, perplexity float64) ([][]affinity, error) {
	nearest, err := x.Neighbours(ctx, min(int(3*perplexity)+1, x.Len()-1))
	if err != nil {
		return nil, err
	}
	conditional := make([][]float64, len(nearest))
	err = par.Each(ctx, len(nearest), func(i int) { conditional[i] = probabilities(nearest[i], perplexity) })
	if err != nil {
		return nil, err
	}
	both := make([][]affinity, len(nearest))
	for i, row := range nearest {
		for k, n := range row {
			p := conditional[i][k] / float64(2*len(nearest))
			both[i] = append(both[i], affinity{n.Image, p})
			both[n.Image] = append(both[n.Image], affinity{i, p})
		}
	}
	for i := range both {
		both[i] = summed(both[i])
	}
	return both, nil
}

// summed adds up affinities to the same image, so that each is there once.
func summed(all []affinity) []affinity {
	slices.SortStableFunc(all, func(a, b affinity) int { return cmp.Compare(a.image, b.image) })
	sums := all[:0]
	for _, a := range all {
		if last := len(sums) - 1; last >= 0 && sums[last].image == a.image {
			sums[last].p += a.p
		} else {
			sums = append(sums, a)
		}
	}
	return sums
}

// probabilities returns how probable each neighbour of an image is: a Gaussian of
// the neighbours' distances, whose width makes the exponential of its entropy the
// perplexity. Distances are those of features of length 1.
func probabilities(neighbours []Neighbour, perplexity float64) []float64 {
	p := make([]float64, len(neighbours))
	precision, low, high := 1.0, 0.0, math.Inf(1)
	for range 100 {
		sum, mean := 0.0, 0.0
		for k, n := range neighbours {
			// Measured from the nearest neighbour, so that not all probabilities round to 0.
			further := 2 * float64(neighbours[0].Similarity-n.Similarity)
			p[k] = math.Exp(-precision * further)
			sum += p[k]
			mean += p[k] * further
		}
		for k := range p {
			p[k] /= sum
		}
		entropy := math.Log(sum) + precision*mean/sum
		switch excess := entropy - math.Log(perplexity); {
		case math.Abs(excess) < 1e-5:
			return p
		case excess > 0:
			low = precision
		default:
			high = precision
		}
		if math.IsInf(high, 1) {
			precision *= 2
		} else {
			precision = (low + high) / 2
		}
	}
	return p // among equally near neighbours no width gives the perplexity
}
