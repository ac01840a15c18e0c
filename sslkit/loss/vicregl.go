package loss

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/op"
)

// VICRegLocal returns the local part of VICRegL: [VICReg] of cells of the two
// views' maps that match each other, found once by how near their projections
// are, and once by how near they lie in the image. The two are added.
//
//	z0, z1    [batch, cells, dim]  projections of the cells
//	at0, at1  [batch, cells, 2]    where they lie in the image, at least float32
//	result    scalar, at least float32
//
// Each cell of a view has the nearest one of the other view. Of these pairs
// those with the least distances are compared, of every image as many as matches
// has first and, with less, as it has second; the mean of both counts, and the
// mean of both directions. Pairs are in the order of their distances, and
// variances and covariances are those of all images' first pairs, second pairs,
// and so on. More matches than cells are as many as there are cells.
//
// Bardes et al., VICRegL: Self-Supervised Learning of Local Visual Features, 2022,
// arXiv:2210.01571, sec. 3.2. It panics if shapes do not fit, or if the batch has
// fewer than two rows.
func VICRegLocal(z0, z1, at0, at1 *graph.Node, matches [2]int, invariance, variance, covariance float64) *graph.Node {
	wantCells("z0", z0, "z1", z1)
	wantCells("at0", at0, "at1", at1)
	if !slices.Equal(z0.Shape().Dimensions[:2], at0.Shape().Dimensions[:2]) {
		panic(fmt.Errorf("loss: VICRegLocal: z0 has shape %s and at0 %s, want a place for each cell", z0.Shape(), at0.Shape()))
	}
	z0, z1 = op.Widen(z0), op.Widen(z1)
	var sum *graph.Node
	for _, apart := range []*graph.Node{distances(z0, z1), distances(at0, at1)} {
		back := graph.Transpose(apart, 1, 2) // [batch, cells of 1, cells of 0]
		for _, count := range matches {
			own, other := pairs(apart, count)
			value := VICReg(pick(z0, own), pick(z1, other), invariance, variance, covariance)
			own, other = pairs(back, count)
			value = graph.Add(value, VICReg(pick(z1, own), pick(z0, other), invariance, variance, covariance))
			if sum != nil {
				value = graph.Add(sum, value)
			}
			sum = value
		}
	}
	return graph.MulScalar(sum, 0.25) // of 2 numbers of matches in 2 directions
}

// distances returns the squared distance of each cell of one view from each of
// the other, [batch, cells of a, cells of b], constant.
func distances(a, b *graph.Node) *graph.Node {
	difference := graph.Sub(graph.ExpandAxes(a, 2), graph.ExpandAxes(b, 1)) // [batch, cells of a, cells of b, dim]
	return graph.StopGradient(graph.ReduceSum(graph.Square(difference), -1))
}

// pairs finds the nearest partner of every cell, and returns the pairs with the
// least distances, nearest first.
//
//	apart  [batch, cells, partners]
//	own    [batch, count, cells] bool: which cell is in each pair
//	other  [batch, count, partners] bool: which partner
func pairs(apart *graph.Node, count int) (own, other *graph.Node) {
	g, dims := apart.Graph(), apart.Shape().Dimensions
	batch, cells, partners := dims[0], dims[1], dims[2]
	count = min(count, cells)
	number := func(axis int, dims ...int) *graph.Node {
		return graph.Iota(g, shapes.Make(dtypes.Int32, dims...), axis)
	}
	nearest := graph.ArgMin(apart, -1, dtypes.Int32) // [batch, cells]
	least := graph.ReduceMin(apart, -1)              // [batch, cells]

	mine, theirs := graph.ExpandAxes(least, 2), graph.ExpandAxes(least, 1) // [batch, cells, 1], [batch, 1, cells]
	earlier := graph.LessThan(number(2, batch, cells, cells), number(1, batch, cells, cells))
	before := graph.LogicalOr(graph.LessThan(theirs, mine), graph.LogicalAnd(graph.Equal(theirs, mine), earlier))
	rank := graph.ReduceSum(graph.ConvertDType(before, dtypes.Int32), -1) // [batch, cells]

	own = graph.Equal(graph.ExpandAxes(rank, 1), number(1, batch, count, cells))
	zero := graph.Zeros(g, shapes.Make(dtypes.Int32, batch, count, cells))
	nearest = graph.BroadcastToDims(graph.ExpandAxes(nearest, 1), batch, count, cells)
	partner := graph.ReduceSum(graph.Where(own, nearest, zero), -1) // [batch, count]
	return own, graph.Equal(graph.ExpandAxes(partner, 2), number(2, batch, count, partners))
}

// pick returns the cells that are chosen, [batch, count, dim], exactly: a product
// of matrices would round them on a GPU.
//
//	z    [batch, cells, dim]
//	who  [batch, count, cells] bool, one of them in each row
func pick(z, who *graph.Node) *graph.Node {
	dims, dim := who.Shape().Dimensions, z.Shape().Dim(-1)
	all := []int{dims[0], dims[1], dims[2], dim}
	cell := graph.BroadcastToDims(graph.ExpandAxes(z, 1), all...)
	chosen := graph.BroadcastToDims(graph.ExpandAxes(who, -1), all...)
	return graph.ReduceSum(graph.Where(chosen, cell, graph.ZerosLike(cell)), 2)
}

// wantCells panics unless two arguments are of one shape, [batch, cells, dim].
func wantCells(nameA string, a *graph.Node, nameB string, b *graph.Node) {
	if a.Rank() != 3 || !slices.Equal(a.Shape().Dimensions, b.Shape().Dimensions) {
		panic(fmt.Errorf("loss: VICRegLocal: %s has shape %s and %s %s, want [batch, cells, dim] of both", nameA, a.Shape(), nameB, b.Shape()))
	}
}
