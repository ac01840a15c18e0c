package op

import (
	"slices"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/internal/mix"
)

// Random numbers here are a function of a key and a counter, and nothing else:
// the same key gives the same numbers on every device and backend, whatever was
// drawn before. The function is SplitMix64's, see package mix.

// Key derives a random key from a seed and the counters that tell a draw from
// all others, such as epoch and step. The order of the counters matters.
func Key(seed uint64, counters ...uint64) uint64 {
	key := mix.At(seed, 0)
	for _, c := range counters {
		key = mix.Bits(key ^ mix.At(0, c))
	}
	return key
}

// KeyNode is [Key] inside a graph: it derives a key from another and a counter.
//
//	key      scalar uint64
//	counter  of any integer type and shape, not negative
//	result   uint64, a key for each counter
func KeyNode(key, counter *graph.Node) *graph.Node {
	c := graph.AddScalar(graph.ConvertDType(counter, dtypes.Uint64), 1)
	return mixNode(graph.BitwiseXor(key, mixNode(mulConst(c, mix.Golden))))
}

// KeyNodeAt is [KeyNode] with a counter known when the graph is built.
func KeyNodeAt(key *graph.Node, counter uint64) *graph.Node {
	return mixNode(graph.BitwiseXor(key, constant(key.Graph(), mix.At(0, counter))))
}

// Uniform returns random numbers in [0, 1), multiples of 2⁻²⁴.
//
//	key     scalar uint64
//	result  dims, float32; element k (row-major) depends on key and k alone
func Uniform(key *graph.Node, dims ...int) *graph.Node {
	// Counted axis by axis, so that each of several devices draws its part alone.
	g, shape, stride := key.Graph(), shapes.Make(dtypes.Uint64, dims...), 1
	k := graph.Ones(g, shape)
	for axis, d := range slices.Backward(dims) {
		k = graph.Add(k, graph.MulScalar(graph.Iota(g, shape, axis), stride))
		stride *= d
	}
	return uniform(mixNode(graph.Add(mulConst(k, mix.Golden), key)))
}

// uniform makes numbers in [0, 1) of random bits, in the same shape.
func uniform(bits *graph.Node) *graph.Node {
	high := graph.ConvertDType(graph.BitwiseShiftRightLogicalScalar(bits, 40), dtypes.Int32) // 24 bits
	return graph.MulScalar(graph.ConvertDType(high, dtypes.Float32), 1.0/(1<<24))
}

// UniformEach returns the numbers of several keys, as [Uniform] has them for each.
//
//	keys    [n] uint64
//	result  [count, n] float32 in [0, 1); column i depends on key i alone
func UniformEach(keys *graph.Node, count int) *graph.Node {
	k := graph.AddScalar(graph.Iota(keys.Graph(), shapes.Make(dtypes.Uint64, count, 1), 0), 1)
	return uniform(mixNode(graph.Add(mulConst(k, mix.Golden), graph.ExpandAxes(keys, 0)))) // [count, n]
}

// Permutation returns the numbers 0…n−1 in a random order.
//
//	key     scalar uint64
//	result  [n] int32
func Permutation(key *graph.Node, n int) *graph.Node {
	return order(Uniform(key, n))
}

// InversePermutation returns the order that undoes another, row by row.
//
//	order   [n] or [batch, n] int32, each of 0…n−1 once
//	result  as order
func InversePermutation(permutation *graph.Node) *graph.Node {
	return order(graph.Neg(graph.ConvertDType(permutation, dtypes.Float32)))
}

// Ascending returns the places of values from the smallest to the largest, row by row.
//
//	values  [n] or [batch, n]
//	result  as values, int32
func Ascending(values *graph.Node) *graph.Node { return order(graph.Neg(values)) }

// order returns the places of values from the largest to the smallest, along the last axis.
func order(values *graph.Node) *graph.Node {
	_, places := graph.TopK(values, values.Shape().Dimensions[values.Rank()-1], values.Rank()-1)
	return graph.ConvertDType(places, dtypes.Int32)
}

func mixNode(z *graph.Node) *graph.Node {
	z = mulConst(xorShift(z, 30), mix.First)
	z = mulConst(xorShift(z, 27), mix.Second)
	return xorShift(z, 31)
}

func xorShift(z *graph.Node, n uint64) *graph.Node {
	return graph.BitwiseXor(z, graph.BitwiseShiftRightLogicalScalar(z, n))
}

func mulConst(z *graph.Node, c uint64) *graph.Node {
	return graph.Mul(z, constant(z.Graph(), c))
}

func constant(g *graph.Graph, c uint64) *graph.Node {
	return graph.Const(g, c)
}
