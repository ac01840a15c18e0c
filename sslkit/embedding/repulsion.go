package embedding

import (
	"context"
	"math"

	"github.com/gossl/gossl/sslkit/internal/par"
	"gonum.org/v1/gonum/spatial/barneshut"
	"gonum.org/v1/gonum/spatial/r2"
)

// barnesHut is how wide a group of images may look from another image, as width
// by distance, to be one body for it (van der Maaten 2014, section 4.2).
const barnesHut = 0.5

// gridBits is how finely places are told apart in the tree: to that many bits of
// the map's width.
const gridBits = 40

// A body is an image in the tree.
type body struct{ place r2.Vec }

func (b *body) Coord2() r2.Vec { return b.place }
func (b *body) Mass() float64  { return 1 }

// gradient returns that of the divergence by the images' places
// (van der Maaten 2014, eq. 5 and 8), with attraction times that factor.
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
		sum := -1.0 // itself is in the tree
		push[i] = tree.ForceOn(particles[i], barnesHut, func(_, _ barneshut.Particle2, _, mass float64, to r2.Vec) r2.Vec {
			c := closeness(to)
			sum += mass * c
			return r2.Scale(-mass*c*c, to)
		})
		sums[i] = sum
	})
	for _, sum := range sums { // in this order, whoever computed them
		z += sum
	}
	return push, z, err
}

// apart returns the places moved to points of a fine grid, no two to the same:
// the tree cannot hold two bodies in one place, nor such as are hardly apart.
func apart(places []r2.Vec) []r2.Vec {
	widest := 0.0
	for _, p := range places {
		widest = max(widest, math.Abs(p.X), math.Abs(p.Y))
	}
	_, exponent := math.Frexp(widest)
	grid := math.Ldexp(1, exponent-gridBits)
	type point struct{ x, y int64 }
	taken := make(map[point]bool, len(places))
	free := map[point]int64{} // how far right of a point others were put
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

// divergence returns that of Kullback and Leibler, from the images' affinities
// to those that their places make.
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
