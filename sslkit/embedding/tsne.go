package embedding

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/spatial/r2"
)

// TSNEOptions say how [TSNE] draws a map. The zero value is right for most.
type TSNEOptions struct {
	// Perplexity is about how many neighbours an image should keep. 0: 30, or a
	// third of the images if there are fewer than 91.
	Perplexity float64

	// Iterations is how many steps are taken; 0: 1000. The first quarter, 250 at
	// most, gathers groups; the others arrange them.
	Iterations int

	Progress func(done, total int) // is called after each iteration; may be nil
}

// How steps are taken, as in the authors' programs and in scikit-learn.
const (
	exaggeration       = 12.0 // of attraction while groups gather
	gatheringIteration = 250  // the last, if there are enough
	gatheringMomentum  = 0.5
	arrangingMomentum  = 0.8
	leastRate          = 50.0 // learning rate; it is larger for many images
	leastGain          = 0.01
	initialSpread      = 1e-4 // standard deviation of the first axis
)

// TSNE returns a map in the plane on which images with similar features are
// neighbours. The directions of the features count, as in [Index]. Groups that
// lie apart are apart, but neither their distance nor their size means much, and
// a map of noise shows groups, too.
//
// It starts from the [PCA] of the features with length 1, so the same features
// give the same map, and its large parts lie as in PCA. Neighbours, which attract each
// other, are exact; for repulsion, a Barnes-Hut tree takes far groups of images as one.
// 10,000 images take a minute or two on two CPUs.
//
// van der Maaten and Hinton, Visualizing Data using t-SNE, 2008; van der Maaten,
// Accelerating t-SNE using Tree-Based Algorithms, 2014. Start and rate of learning
// are those of Kobak and Berens, The art of using t-SNE for single-cell
// transcriptomics, 2019.
//
// It returns the error of [Set.Validate]; one if there are fewer than 4 images,
// or the perplexity is not from 1 to a third of the other images; and the
// context's, between two iterations, when that ends.
func TSNE(ctx context.Context, s *Set, opts TSNEOptions) (*Map, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	opts, err := opts.complete(s.Len())
	if err != nil {
		return nil, fmt.Errorf("embedding: t-SNE: %w", err)
	}
	t, err := newTSNE(ctx, s, opts.Perplexity)
	if err != nil {
		return nil, err
	}
	gathering := min(gatheringIteration, opts.Iterations/4)
	for i := range opts.Iterations {
		attraction, momentum := 1.0, arrangingMomentum
		if i < gathering {
			attraction, momentum = exaggeration, gatheringMomentum
		}
		if err := t.iterate(ctx, attraction, momentum); err != nil {
			return nil, fmt.Errorf("embedding: t-SNE: %w", err)
		}
		if opts.Progress != nil {
			opts.Progress(i+1, opts.Iterations)
		}
	}
	divergence, err := t.divergence(ctx)
	if err != nil {
		return nil, fmt.Errorf("embedding: t-SNE: %w", err)
	}
	m := &Map{Points: make([][]float64, s.Len()), Divergence: divergence}
	for i, p := range t.places {
		m.Points[i] = []float64{p.X, p.Y}
	}
	return m, nil
}

// complete fills in what is 0, and checks the rest for n images.
func (o TSNEOptions) complete(n int) (TSNEOptions, error) {
	most := float64(n-1) / 3 // affinities are of 3·perplexity neighbours
	if n < 4 {
		return o, fmt.Errorf("%d images, want at least 4", n)
	}
	if o.Perplexity == 0 {
		o.Perplexity = min(30, most)
	}
	if o.Iterations == 0 {
		o.Iterations = 1000
	}
	switch {
	case !(o.Perplexity >= 1 && o.Perplexity <= most):
		return o, fmt.Errorf("perplexity %g, want 1 to %.4g for %d images", o.Perplexity, most, n)
	case o.Iterations < 1:
		return o, fmt.Errorf("%d iterations, want at least 1", o.Iterations)
	}
	return o, nil
}

// tsne is a map that is being arranged.
type tsne struct {
	places     []r2.Vec // of the images
	steps      []r2.Vec // taken last
	gains      []r2.Vec // factors of the rate, larger where steps keep their direction
	rate       float64
	neighbours [][]affinity // of each image
}

func newTSNE(ctx context.Context, s *Set, perplexity float64) (*tsne, error) {
	index, err := NewIndex(s)
	if err != nil {
		return nil, err
	}
	t := &tsne{rate: max(float64(s.Len())/exaggeration/4, leastRate)}
	if t.neighbours, err = affinities(ctx, index, perplexity); err != nil {
		return nil, err
	}
	t.places, err = start(&Set{Features: index.unit, Dim: s.Dim})
	t.steps = make([]r2.Vec, s.Len())
	t.gains = make([]r2.Vec, s.Len())
	for i := range t.gains {
		t.gains[i] = r2.Vec{X: 1, Y: 1}
	}
	return t, err
}

// start returns where the images are at first: a small PCA, with a little noise that
// separates images with the same feature.
func start(s *Set) ([]r2.Vec, error) {
	m, err := PCA(s, min(2, s.Dim))
	if err != nil {
		return nil, err
	}
	variance := 0.0
	for _, p := range m.Points {
		variance += p[0] * p[0] / float64(len(m.Points))
	}
	scale := 0.0
	if variance > 0 {
		scale = initialSpread / math.Sqrt(variance)
	}
	random := rand.New(rand.NewPCG(1, 1))
	places := make([]r2.Vec, len(m.Points))
	for i, p := range m.Points {
		places[i] = r2.Vec{X: scale*p[0] + 0.01*initialSpread*random.NormFloat64(), Y: 0.01 * initialSpread * random.NormFloat64()}
		if len(p) > 1 {
			places[i].Y += scale * p[1]
		}
	}
	return places, nil
}

// iterate takes one step against the gradient of the divergence.
func (t *tsne) iterate(ctx context.Context, attraction, momentum float64) error {
	gradient, err := t.gradient(ctx, attraction)
	if err != nil {
		return err
	}
	var middle r2.Vec
	for i, g := range gradient {
		t.gains[i] = r2.Vec{X: gain(t.gains[i].X, t.steps[i].X, g.X), Y: gain(t.gains[i].Y, t.steps[i].Y, g.Y)}
		t.steps[i] = r2.Vec{
			X: momentum*t.steps[i].X - t.rate*t.gains[i].X*g.X,
			Y: momentum*t.steps[i].Y - t.rate*t.gains[i].Y*g.Y,
		}
		t.places[i] = r2.Add(t.places[i], t.steps[i])
		middle = r2.Add(middle, r2.Scale(1/float64(len(gradient)), t.places[i]))
	}
	for i := range t.places {
		t.places[i] = r2.Sub(t.places[i], middle)
	}
	if math.IsNaN(middle.X) || math.IsNaN(middle.Y) {
		return errors.New("the places are no numbers any more")
	}
	return nil
}

// gain grows while steps keep going downhill, and shrinks when one has overshot
// (Jacobs, Increased Rates of Convergence through Learning Rate Adaptation, 1988).
func gain(before, step, gradient float64) float64 {
	if (step < 0) != (gradient < 0) {
		return before + 0.2
	}
	return max(before*0.8, leastGain)
}
