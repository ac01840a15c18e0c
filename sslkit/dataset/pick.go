package dataset

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/gossl/gossl/sslkit/internal/mix"
)

// Split holds some images out: test of them, drawn at random from the seed, are
// the test split, all others the training split, each in the order they had.
// The same seed draws the same ones. Pixels are copied or shared as [Images.Pick] does.
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

// Pick returns the images with these indices, in their order. One may be there several
// times. It panics if there is no such image.
//
// The pixels are copied, so that writing to one set does not change the other. Only those of a
// [Folder] of more than 64 MiB that come from the cache's files stay there, however many images
// are picked: they have From and Which in place of Pixels, take some 50 bytes each, and show
// what is written to Pixels of From.
func (m *Images) Pick(which ...int) *Images {
	picked := &Images{Labels: make([]int32, len(which)), Classes: m.Classes, Height: m.Height, Width: m.Width}
	if m.Files != nil {
		picked.Files = make([]string, len(which))
	}
	sizes := make([]Frame, len(which))
	for j, i := range which {
		picked.Labels[j] = m.Labels[i]
		sizes[j] = m.frame(i)
		if m.Files != nil {
			picked.Files[j] = m.Files[i]
		}
	}
	if m.Frames != nil {
		picked.arrange(sizes)
	}
	if m.From != nil || m.mapping() != nil {
		picked.Which = make([]int32, len(which))
		for j, i := range which {
			source, k := m.source(i)
			picked.From, picked.Which[j] = source, int32(k)
		}
		return picked
	}
	picked.Pixels = make([]uint8, picked.bytes(len(which)))
	for j, i := range which {
		from, to := picked.Span(j)
		picked.Pack(picked.Pixels[from:to], m.At(i), j)
	}
	return picked
}

// source returns the images whose Pixels have those of image i, and its index there.
func (m *Images) source(i int) (*Images, int) {
	if m.From == nil {
		return m, i
	}
	return m.From, int(m.Which[i])
}

// validateWhich is validate for what images share with those that they are picked from.
func (m *Images) validateWhich() error {
	switch {
	case len(m.Which) != m.Len():
		return fmt.Errorf("%d indices into From for %d labels", len(m.Which), m.Len())
	case m.From.From != nil:
		return errors.New("of From: it has no pixels of its own, but is picked from others")
	}
	if err := m.From.validate(); err != nil {
		return fmt.Errorf("of From: %w", err)
	}
	for i, k := range m.Which {
		switch n := m.From.Len(); {
		case k < 0 || int(k) >= n:
			return fmt.Errorf("image %d: index %d into From, want 0 to %d", i, k, n-1)
		case m.From.frame(int(k)) != m.frame(i):
			return fmt.Errorf("image %d is %s, and image %d of From %s", i, m.frame(i).text(), k, m.From.frame(int(k)).text())
		}
	}
	return nil
}
