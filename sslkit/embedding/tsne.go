package embedding

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/gossl/gossl/sslkit/internal/par"
	"gonum.org/v1/gonum/spatial/barneshut"
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

// barnesHut is the largest ratio of a group's width to its distance from an image for
// which the group acts on the image as one body (van der Maaten 2014, section 4.2).
const barnesHut = 0.5

// gridBits is how precise places are in the tree, in bits of the map's width.
const gridBits = 40

// A body is an image in the tree.
type body struct{ place r2.Vec }

func (b *body) Coord2() r2.Vec { return b.place }
func (b *body) Mass() float64  { return 1 }

// gradient returns the gradient of the divergence by the images' places (van der
// Maaten 2014, eq. 5 and 8), with attraction multiplied by a factor.
func (t *tsne) gradient(ctx context.Context, attraction float64) ([]r2.Vec, error) {
	repulsion, z, err := t.repulsion(ctx)
	if err != nil {
		return nil, err
	}
	gradient := make([]r2.Vec, len(t.places))
	err = par.Each(ctx, len(t.places), func(i int) {
		var pull r2.Vec
		for _, a := range t.neighbours[i] {
			offset := r2.Sub(t.places[i], t.places[a.image])
			pull = r2.Add(pull, r2.Scale(a.p*closeness(offset), offset))
		}
		gradient[i] = r2.Sub(r2.Scale(4*attraction, pull), r2.Scale(4/z, repulsion[i]))
	})
	return gradient, err
}

// closeness is Student's kernel of the offset of two places.
func closeness(offset r2.Vec) float64 { return 1 / (1 + r2.Norm2(offset)) }

// repulsion returns the push on each image from all others, still to be divided
// by z, the sum of the closeness of all pairs.
func (t *tsne) repulsion(ctx context.Context) (push []r2.Vec, z float64, err error) {
	particles := make([]barneshut.Particle2, len(t.places))
	for i, place := range apart(t.places) {
		particles[i] = &body{place}
	}
	tree, err := barneshut.NewPlane(particles)
	if err != nil {
		return nil, 0, err
	}
	push = make([]r2.Vec, len(particles))
	sums := make([]float64, len(particles))
	err = par.Each(ctx, len(particles), func(i int) {
		sum := -1.0 // the image itself is in the tree, with closeness 1
		push[i] = tree.ForceOn(particles[i], barnesHut, func(_, _ barneshut.Particle2, _, mass float64, to r2.Vec) r2.Vec {
			c := closeness(to)
			sum += mass * c
			return r2.Scale(-mass*c*c, to)
		})
		sums[i] = sum
	})
	for _, sum := range sums { // always in this order, so that rounding is the same each time
		z += sum
	}
	return push, z, err
}

// apart returns the places moved to points of a fine grid, each to one of its own: the
// tree cannot hold two bodies in one place, or hardly apart.
func apart(places []r2.Vec) []r2.Vec {
	widest := 0.0
	for _, p := range places {
		widest = max(widest, math.Abs(p.X), math.Abs(p.Y))
	}
	_, exponent := math.Frexp(widest)
	grid := math.Ldexp(1, exponent-gridBits)
	type point struct{ x, y int64 }
	taken := make(map[point]bool, len(places))
	free := map[point]int64{} // how many points to the right of a point are taken
	moved := make([]r2.Vec, len(places))
	for i, p := range places {
		wanted := point{int64(math.Round(p.X / grid)), int64(math.Round(p.Y / grid))}
		at := wanted
		for at.x += free[wanted]; taken[at]; at.x++ {
			free[wanted]++
		}
		taken[at] = true
		moved[i] = r2.Vec{X: float64(at.x) * grid, Y: float64(at.y) * grid}
	}
	return moved
}

// divergence returns the Kullback-Leibler divergence KL(P‖Q): P are the images'
// affinities, Q those that their places on the map would give.
func (t *tsne) divergence(ctx context.Context) (float64, error) {
	_, z, err := t.repulsion(ctx)
	sum := 0.0
	for i, neighbours := range t.neighbours {
		for _, a := range neighbours {
			if a.p > 0 {
				sum += a.p * math.Log(a.p*z/closeness(r2.Sub(t.places[i], t.places[a.image])))
			}
		}
	}
	return sum, err
}
