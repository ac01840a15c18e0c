package op_test

import (
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/op"
)

func matrix(s, rows, columns int) testkit.Array {
	return testkit.Array{Shape: []int{rows, columns}, Data: testkit.G(s, rows, columns)}
}

// TestMatMul compares products and gradients with GoMLX's own. The square cases
// would pass with a wrong axis if the shapes were all that is checked.
func TestMatMul(t *testing.T) {
	for _, c := range []struct{ n, k, m int }{{4, 4, 4}, {2, 3, 5}, {1, 7, 1}, {6, 1, 2}, {5, 5, 3}} {
		inputs := []testkit.Array{matrix(1, c.n, c.k), matrix(2, c.k, c.m), matrix(3, c.m, c.k), matrix(4, c.n, c.m)}
		compare := func(what string, a, b testkit.Array, ours, theirs func(a, b *graph.Node) *graph.Node) {
			t.Helper()
			results := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
				var outputs []*graph.Node
				for _, product := range []func(a, b *graph.Node) *graph.Node{ours, theirs} {
					y := product(in[0], in[1])
					loss := graph.ReduceAllSum(graph.Mul(graph.Square(y), in[2]))
					outputs = append(append(outputs, y), graph.Gradient(loss, in[0], in[1])...)
				}
				return outputs
			}, a.Tensor(dtypes.Float64), b.Tensor(dtypes.Float64), inputs[3].Tensor(dtypes.Float64))
			for i, name := range []string{"y", "da", "db"} {
				testkit.Near(t, what+": "+name, results[i], results[3+i], 1e-12)
			}
		}
		compare("MatMul", inputs[0], inputs[1], op.MatMul, func(a, b *graph.Node) *graph.Node { return graph.Dot(a, b).Product() })
		compare("MatMulT", inputs[0], inputs[2], op.MatMulT, func(a, b *graph.Node) *graph.Node {
			return graph.Dot(a, graph.Transpose(b, 0, 1)).Product()
		})
	}
}

// TestMatMulOfMoreAxes compares products of several matrices at once with GoMLX's own.
func TestMatMulOfMoreAxes(t *testing.T) {
	stack := func(s, rows, columns int) testkit.Array {
		return testkit.Array{Shape: []int{2, 3, rows, columns}, Data: testkit.G(s, 6*rows, columns)}
	}
	for name, c := range map[string]struct {
		b      testkit.Array
		ours   func(a, b *graph.Node) *graph.Node
		theirs string
	}{
		"MatMul":  {stack(2, 5, 3), op.MatMul, "xynk,xykm->xynm"},
		"MatMulT": {stack(3, 3, 5), op.MatMulT, "xynk,xymk->xynm"},
	} {
		a, weights := stack(1, 4, 5), stack(4, 4, 3)
		results := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
			var outputs []*graph.Node
			for _, y := range []*graph.Node{c.ours(in[0], in[1]), graph.Einsum(c.theirs, in[0], in[1])} {
				y.AssertDims(2, 3, 4, 3)
				loss := graph.ReduceAllSum(graph.Mul(graph.Square(y), in[2]))
				outputs = append(append(outputs, y), graph.Gradient(loss, in[0], in[1])...)
			}
			return outputs
		}, a.Tensor(dtypes.Float64), c.b.Tensor(dtypes.Float64), weights.Tensor(dtypes.Float64))
		for i, what := range []string{"y", "da", "db"} {
			testkit.Near(t, name+": "+what, results[i], results[3+i], 1e-12)
		}
	}
}

// TestMatMulWithItself checks the gradient where both factors are one node, as
// in a similarity matrix.
func TestMatMulWithItself(t *testing.T) {
	z := matrix(5, 4, 3)
	results := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		ours := graph.ReduceAllSum(graph.Exp(op.MatMulT(in[0], in[0])))
		theirs := graph.ReduceAllSum(graph.Exp(graph.Dot(in[0], graph.Transpose(in[0], 0, 1)).Product()))
		return []*graph.Node{graph.Gradient(ours, in[0])[0], graph.Gradient(theirs, in[0])[0]}
	}, z.Tensor(dtypes.Float64))
	testkit.Near(t, "gradient", results[0], results[1], 1e-12)
}

// TestMatMulOfStacks compares products and gradients of stacks with those of their
// matrices.
func TestMatMulOfStacks(t *testing.T) {
	const groups, n, k, m = 3, 4, 2, 5
	stack := func(s, rows, columns int) *tensors.Tensor {
		a := matrix(s, groups*rows, columns)
		a.Shape = []int{groups, rows, columns}
		return a.Tensor(dtypes.Float64)
	}
	compare := func(what string, product func(a, b *graph.Node) *graph.Node, a, b *tensors.Tensor) {
		t.Helper()
		results := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
			var each []*graph.Node
			for i := range groups {
				one := func(x *graph.Node) *graph.Node { return graph.Squeeze(graph.Slice(x, graph.AxisElem(i)), 0) }
				each = append(each, product(one(in[0]), one(in[1])))
			}
			var outputs []*graph.Node
			for _, y := range []*graph.Node{product(in[0], in[1]), graph.Stack(each, 0)} {
				loss := graph.ReduceAllSum(graph.Mul(graph.Square(y), in[2]))
				outputs = append(append(outputs, y), graph.Gradient(loss, in[0], in[1])...)
			}
			return outputs
		}, a, b, stack(9, n, m))
		for i, name := range []string{"y", "da", "db"} {
			testkit.Near(t, what+": "+name, results[i], results[3+i], 1e-12)
		}
	}
	compare("MatMul", op.MatMul, stack(6, n, k), stack(7, k, m))
	compare("MatMulT", op.MatMulT, stack(6, n, k), stack(8, m, k))
}

// TestGradientIsMadeOfProducts builds gradients and looks at their nodes: two
// more products, nothing of three axes, no sums.
func TestGradientIsMadeOfProducts(t *testing.T) {
	for name, product := range map[string]func(a, b *graph.Node) *graph.Node{"MatMul": op.MatMul, "MatMulT": op.MatMulT} {
		g := graph.NewGraph(testkit.Open(t, device.Go).Backend, name)
		a := graph.Parameter(g, "a", shapes.Make(dtypes.Float32, 4, 4))
		b := graph.Parameter(g, "b", shapes.Make(dtypes.Float32, 4, 4))
		loss := graph.ReduceAllSum(product(a, b))
		before := len(g.Nodes())
		graph.Gradient(loss, a, b)
		products := 0
		for _, node := range g.Nodes()[before:] {
			switch node.Type() {
			case graph.NodeTypeDotGeneral:
				products++
			case graph.NodeTypeReduceSum, graph.NodeTypeMul:
				t.Errorf("%s: the gradient holds %s", name, node)
			}
			if node.Rank() > 2 {
				t.Errorf("%s: the gradient holds an array of %d axes: %s", name, node.Rank(), node)
			}
		}
		if products != 2 {
			t.Errorf("%s: the gradient has %d products, want 2", name, products)
		}
		g.Finalize()
	}
}

// TestOtherProductsKeepTheirGradient checks that GoMLX's products with more axes
// work as before.
func TestOtherProductsKeepTheirGradient(t *testing.T) {
	a, b := matrix(6, 4, 6), matrix(7, 4, 10)
	results := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		x, y := graph.Reshape(in[0], 2, 2, 6), graph.Reshape(in[1], 2, 2, 10) // [batch, k, n], [batch, k, m]
		z := graph.Einsum("bkn,bkm->bnm", x, y)
		return graph.Gradient(graph.ReduceAllSum(graph.Square(z)), in[0], in[1])
	}, a.Tensor(dtypes.Float64), b.Tensor(dtypes.Float64))
	at := func(x testkit.Array, batch, k, i int) float64 { return x.Data[(batch*2+k)*x.Shape[1]+i] }
	var want []float64 // d/da[b,k,n] Σ z² = 2 Σ_m z[b,n,m]·b[b,k,m]
	for batch := range 2 {
		for k := range 2 {
			for n := range 6 {
				sum := 0.0
				for m := range 10 {
					z := at(a, batch, 0, n)*at(b, batch, 0, m) + at(a, batch, 1, n)*at(b, batch, 1, m)
					sum += 2 * z * at(b, batch, k, m)
				}
				want = append(want, sum)
			}
		}
	}
	testkit.Near(t, "gradient", results[0], want, 1e-12)
}

func TestMatMulPanics(t *testing.T) {
	d := testkit.Open(t, device.Go)
	for _, c := range []struct {
		text    string
		product func(a, b *graph.Node) *graph.Node
		a, b    []int
	}{
		{"rank", op.MatMul, []int{2, 3, 4}, []int{4, 2}},
		{"rank", op.MatMulT, []int{2, 3}, []int{3}},
		{"", op.MatMul, []int{2, 3}, []int{2, 3}},
		{"", op.MatMulT, []int{2, 3}, []int{3, 2}},
	} {
		testkit.Panics(t, d, c.text, func(g *graph.Graph) {
			zeros := func(dims []int) *graph.Node { return graph.Zeros(g, shapes.Make(dtypes.Float32, dims...)) }
			c.product(zeros(c.a), zeros(c.b))
		})
	}
}
