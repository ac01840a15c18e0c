package backbone

import (
	"math"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/internal/keys"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// Positions say how a transformer is told where a token lies: by what is added to it.
type Positions string

const (
	// SineCosine is a table of sines and cosines, half of the width for columns and half
	// for rows, that stays as it is.
	SineCosine Positions = "sine-cosine"
	// Learned is a table that is trained.
	Learned Positions = "learned"
)

// Resize says how a table of positions is resized for images of another size.
type Resize string

const (
	// Antialias is bicubic, over as many places as one of the new ones covers (a = −0.5).
	Antialias Resize = "antialias"
	// Bicubic is bicubic over four places always, the border repeated (a = −0.75), as
	// PyTorch does by default.
	Bicubic Resize = "bicubic"
)

// A PositionTable is what a [ViT] adds to its tokens.
type PositionTable struct {
	Patch, Width, Grid int // as in [ViT]
	Positions          Positions
	Resize             Resize
}

// Forward implements [Kind].
//
//	in      x, [batch, height, width, 3], of which only the size counts
//	result  [1, tokens, Width], in the mode's precision
func (p PositionTable) Forward(scope *nn.Scope, in ...*graph.Node) *graph.Node {
	dims := in[0].Shape().Dimensions
	table := p.resized(p.table(scope), dims[1]/p.Patch, dims[2]/p.Patch)
	return graph.ConvertDType(table, scope.Mode().Precision.DType())
}

// table is [1, 1+Grid·Grid, Width].
func (p PositionTable) table(scope *nn.Scope) *graph.Node {
	if p.Positions == Learned {
		return scope.Param("weight", nn.Normal(TokenDeviation), 1, 1+p.Grid*p.Grid, p.Width)
	}
	return scope.Buffer("weight", SineCosineTable(p.Width), 1, 1+p.Grid*p.Grid, p.Width)
}

// Weights implements [Kind].
func (p PositionTable) Weights() []Weight {
	return []Weight{{Dims: []int{1, 1 + p.Grid*p.Grid, p.Width}, Statistic: p.Positions == SineCosine}}
}

// resized returns a table of other rows and columns. The class token's part stays.
func (p PositionTable) resized(table *graph.Node, rows, columns int) *graph.Node {
	if rows == p.Grid && columns == p.Grid {
		return table
	}
	class := graph.Slice(table, graph.AxisRange(), graph.AxisElem(0))
	grid := graph.Slice(table, graph.AxisRange(), graph.AxisRangeToEnd(1))
	grid = graph.Reshape(grid, 1, p.Grid, p.Grid, p.Width)
	down := p.weights(grid, rows)                                                                                 // [rows, Grid]
	grid = graph.ReduceSum(graph.Mul(graph.Reshape(down, rows, p.Grid, 1, 1), grid), 1)                           // [rows, Grid, Width]
	across := p.weights(grid, columns)                                                                            // [columns, Grid]
	grid = graph.Mul(graph.Reshape(across, 1, columns, p.Grid, 1), graph.Reshape(grid, rows, 1, p.Grid, p.Width)) // [rows, columns, Grid, Width]
	grid = graph.Reshape(graph.ReduceSum(grid, 2), 1, rows*columns, p.Width)
	return graph.Concatenate([]*graph.Node{class, grid}, 1)
}

// Resized is what Forward adds to the tokens of images of that size, in pixels, made of
// the values of the table's weight.
func (p PositionTable) Resized(table []float32, height, width int) []float32 {
	rows, columns := height/p.Patch, width/p.Patch
	if rows == p.Grid && columns == p.Grid {
		return table
	}
	result := make([]float32, (1+rows*columns)*p.Width)
	copy(result, table[:p.Width])
	down, across := resizeWeights(p.Resize, p.Grid, rows), resizeWeights(p.Resize, p.Grid, columns)
	for place := range rows * columns {
		sums := make([]float64, p.Width)
		for y, up := range down[place/columns] {
			for x, left := range across[place%columns] {
				old := table[(1+y*p.Grid+x)*p.Width:]
				for i := range sums {
					sums[i] += up * left * float64(old[i])
				}
			}
		}
		for i, sum := range sums {
			result[(1+place)*p.Width+i] = float32(sum)
		}
	}
	return result
}

// weights are how much each of the Grid places counts for each of n, in x's type.
func (p PositionTable) weights(x *graph.Node, n int) *graph.Node {
	list := resizeWeights(p.Resize, p.Grid, n)
	return graph.ConvertDType(graph.Const(x.Graph(), list), x.DType())
}

// resizeWeights returns, for each of the new places, how much each of the old ones counts.
func resizeWeights(by Resize, from, to int) [][]float64 {
	a, spread := -0.75, 1.0
	scale := float64(from) / float64(to)
	if by == Antialias {
		a, spread = -0.5, math.Max(scale, 1)
	}
	weights := make([][]float64, to)
	for i := range weights {
		weights[i] = make([]float64, from)
		centre := (float64(i)+0.5)*scale - 0.5
		sum := 0.0
		for j := int(math.Ceil(centre - 2*spread)); j <= int(math.Floor(centre+2*spread)); j++ {
			w, at := keys.Cubic((float64(j)-centre)/spread, a), j
			if by == Bicubic {
				at = min(max(j, 0), from-1)
			} else if j < 0 || j >= from {
				continue
			}
			weights[i][at] += w
			sum += w
		}
		for j := range weights[i] {
			weights[i][j] /= sum
		}
	}
	return weights
}

// SineCosineTable fills [1, 1+grid·grid, width]: zeros for the class token, then, row by
// row, the sines and cosines of the column, and those of the row, of frequencies from 1
// down to 1/10000.
func SineCosineTable(width int) nn.Init {
	return func(values []float64, _ uint64) {
		grid, quarter := int(math.Round(math.Sqrt(float64(len(values)/width-1)))), width/4
		for place := range grid * grid {
			row := values[(1+place)*width : (2+place)*width]
			for i := range quarter {
				frequency := math.Pow(10000, -float64(i)/float64(quarter))
				row[i], row[quarter+i] = math.Sincos(float64(place%grid) * frequency)
				row[2*quarter+i], row[3*quarter+i] = math.Sincos(float64(place/grid) * frequency)
			}
		}
	}
}

// A Mask is an order of each image's tokens, and how many of them, from the first one
// on, are kept; the others are masked.
type Mask struct {
	order *graph.Node // [batch, tokens] int32
	kept  int
}

// NewMask keeps the tokens of the smallest noise.
//
//	noise  [batch, tokens]
func NewMask(noise *graph.Node, kept int) Mask {
	noise.AssertRank(2)
	return Mask{op.Ascending(noise), kept}
}

// Kept are the numbers of the tokens that are kept.
//
//	result  [batch, kept] int32
func (m Mask) Kept() *graph.Node {
	return graph.Slice(m.order, graph.AxisRange(), graph.AxisRange(0, m.kept))
}

// Masked are the numbers of the others.
//
//	result  [batch, tokens−kept] int32
func (m Mask) Masked() *graph.Node {
	return graph.Slice(m.order, graph.AxisRange(), graph.AxisRangeToEnd(m.kept))
}

// Hidden says of each token whether it is masked.
//
//	result  [batch, tokens] bool
func (m Mask) Hidden() *graph.Node {
	return graph.GreaterOrEqual(m.places(), graph.Scalar(m.order.Graph(), m.order.DType(), m.kept))
}

// places are those of the tokens in the order.
func (m Mask) places() *graph.Node { return op.InversePermutation(m.order) }

// Restore puts a token in the place of each that is masked, and the others in the
// order that they had.
//
//	kept    [batch, kept, width], in the order of Kept
//	token   [width]
//	result  [batch, tokens, width]
func (m Mask) Restore(kept, token *graph.Node) *graph.Node {
	dims := kept.Shape().Dimensions
	others := m.order.Shape().Dimensions[1] - m.kept
	masked := graph.Reshape(graph.ConvertDType(token, kept.DType()), 1, 1, dims[2])
	return m.Merge(kept, graph.BroadcastToDims(masked, dims[0], others, dims[2]))
}

// Merge puts rows for tokens that are kept, and for those that are masked, in the order
// that the tokens had.
//
//	kept    [batch, kept, width], in the order of Kept
//	masked  [batch, tokens−kept, width], in the order of Masked
//	result  [batch, tokens, width]
func (m Mask) Merge(kept, masked *graph.Node) *graph.Node {
	return op.StackRows(graph.Concatenate([]*graph.Node{kept, masked}, 1), m.places())
}
