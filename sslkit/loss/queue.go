package loss

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
)

// Enqueue returns a queue after new keys took the place of its oldest ones, and
// the position of the next key.
//
//	bank         [size, dim]
//	position     scalar of any number type, from 0 to size−1
//	keys         [n, dim]     stored as they are: normalise them before
//	newBank      [size, dim]  in the bank's type; no gradient reaches the keys
//	newPosition  scalar of the position's type
//
// Keys that would stand after the end of the bank are dropped, and the position
// is 0 once the end is reached. (The paper has batches that divide the size;
// this is what lightly does with the others.)
//
// He et al., Momentum Contrast for Unsupervised Visual Representation Learning,
// 2019, arXiv:1911.05722, sec. 3.2. It panics if the shapes do not fit.
func Enqueue(bank, position, keys *graph.Node) (newBank, newPosition *graph.Node) {
	wantColumns("Enqueue", "bank", bank, keys)
	wantColumns("Enqueue", "keys", keys, bank)
	if !position.Shape().IsScalar() {
		panic(fmt.Errorf("loss: Enqueue: position has shape %s, want a scalar", position.Shape()))
	}
	g, size, n := bank.Graph(), bank.Shape().Dim(0), keys.Shape().Dim(0)
	start := graph.ConvertDType(position, dtypes.Int32)

	row := graph.Iota(g, shapes.Make(dtypes.Int32, size, 1), 0) // [size, 1]
	source := graph.Sub(row, start)                             // [size, 1] the key that belongs into the row
	isNew := graph.LogicalAnd(
		graph.GreaterOrEqual(source, graph.Const(g, int32(0))),
		graph.LessThan(source, graph.Const(g, int32(n)))) // [size, 1]
	source = graph.MinScalar(graph.MaxScalar(source, int32(0)), int32(n-1))
	candidates := graph.ConvertDType(graph.Gather(keys, source), bank.DType()) // [size, dim]
	isNew = graph.BroadcastToDims(isNew, bank.Shape().Dimensions...)           // [size, dim]
	newBank = graph.StopGradient(graph.Where(isNew, candidates, bank))

	end := graph.AddScalar(start, int32(n))
	isFull := graph.GreaterOrEqual(end, graph.Const(g, int32(size)))
	newPosition = graph.Where(isFull, graph.ZerosLike(end), end)
	return newBank, graph.ConvertDType(newPosition, position.DType())
}
