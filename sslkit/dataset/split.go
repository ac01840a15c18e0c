package dataset

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/gossl/gossl/sslkit/internal/mix"
)

// Split holds some images out: test of them, drawn at random from the seed, are
// the test split, all others the training split, each in the order they had.
// The same seed draws the same ones. The pixels are copied.
//
// It returns an error unless test is at least 0 and leaves an image to train on.
func Split(name Name, images *Images, test int, seed uint64) (*Set, error) {
	n := images.Len()
	if test < 0 || test >= n {
		return nil, fmt.Errorf("dataset: Split: %d of %d images are to be held out, want 0 to %d", test, n, n-1)
	}
	order := rand.New(rand.NewPCG(mix.At(seed, 0), 0)).Perm(n)
	held, rest := order[:test], order[test:]
	slices.Sort(held)
	slices.Sort(rest)
	return &Set{Name: name, Train: images.Pick(rest...), Test: images.Pick(held...)}, nil
}

// Pick returns the images with these indices, in their order, with a copy of
// their pixels. One may be there several times. It panics if there is no such image.
func (m *Images) Pick(which ...int) *Images {
	picked := &Images{Labels: make([]int32, len(which)), Classes: m.Classes, Height: m.Height, Width: m.Width}
	sizes := make([]Frame, len(which))
	for j, i := range which {
		picked.Labels[j] = m.Labels[i]
		sizes[j].Height, sizes[j].Width = m.Size(i)
		if m.Files != nil {
			picked.Files = append(picked.Files, m.Files[i])
		}
	}
	if m.Frames != nil {
		picked.arrange(sizes)
	}
	picked.Pixels = make([]uint8, picked.bytes(len(which)))
	for j, i := range which {
		from, to := picked.Span(j)
		picked.Pack(picked.Pixels[from:to], m.At(i), j)
	}
	return picked
}
