package embedding

import (
	"cmp"
	"slices"
)

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
