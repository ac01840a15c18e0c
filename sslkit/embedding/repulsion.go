package embedding

import (
	"context"
	"math"

	"github.com/gossl/gossl/sslkit/internal/par"
	"gonum.org/v1/gonum/spatial/barneshut"
	"gonum.org/v1/gonum/spatial/r2"
)

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
