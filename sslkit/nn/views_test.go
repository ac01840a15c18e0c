package nn_test

import (
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

// perView applies the small network to all inputs as views, and weighs their
// outputs differently, so that a confusion of views shows.
func perView(scope *nn.Scope, inputs []*graph.Node) *graph.Node {
	outputs := nn.PerView(scope, inputs, func(scope *nn.Scope, x *graph.Node) *graph.Node {
		return small(scope, []*graph.Node{x})
	})
	for i, y := range outputs {
		outputs[i] = graph.MulScalar(graph.Square(y), float64(i)+0.5)
	}
	return graph.Concatenate(outputs, 0)
}

// TestPerView checks that one pass with statistics per view and separate passes
// give the same outputs, gradients and running statistics.
func TestPerView(t *testing.T) {
	views := make([]testkit.Array, 3)
	for i := range views {
		views[i] = testkit.Array{Shape: smallInput.Shape, Data: testkit.G(i+2, 6, 48)}
		for k := range views[i].Data {
			views[i].Data[k] += 0.3 * float64(i*i) // other means
		}
	}
	for _, n := range []int{1, 2, 3} {
		model := func(joint bool, devices int) *testkit.Model {
			mode := nn.Mode{Precision: device.F64, JointViews: joint, Devices: devices}
			return testkit.NewModel(t, testkit.Any(t), mode, perView, views[:n]...)
		}
		for _, devices := range []int{1, 2} {
			got := model(true, devices).Pass(t, true, testkit.SumSquares, views[:n]...)
			want := model(false, 1).Pass(t, true, testkit.SumSquares, views[:n]...)
			testkit.Near(t, "y", got.Y, want.Y, 1e-12)
			testkit.Near(t, "gradient", got.DParams, want.DParams, 1e-12)
			testkit.Near(t, "running statistics", got.Buffers, want.Buffers, 1e-12)
			for i := range n {
				testkit.Near(t, "gradient of a view", got.DInputs[i], want.DInputs[i], 1e-12)
			}
			evaluated := model(true, devices).Pass(t, false, nil, views[:n]...)
			separate := model(false, 1).Pass(t, false, nil, views[:n]...)
			testkit.Near(t, "y in evaluation", evaluated.Y, separate.Y, 1e-12)
			testkit.Near(t, "running statistics after evaluation", evaluated.Buffers, model(true, devices).Buffers, 0)
		}
	}
}

// TestSplitViews checks the same of batch norms with statistics of splits, and of parts.
func TestSplitViews(t *testing.T) {
	const rows, channels = 24, 3
	var views []testkit.Array
	for v := range 2 {
		views = append(views, testkit.Array{Shape: []int{rows, channels}, Data: testkit.G(60+v, rows, channels)})
	}
	split := func(scope *nn.Scope, x *graph.Node) *graph.Node { return nn.SplitBatchNorm(scope, x, 3) }
	network := func(scope *nn.Scope, inputs []*graph.Node) *graph.Node {
		outputs := nn.PerView(scope, inputs, split)
		return graph.Concatenate([]*graph.Node{outputs[0], graph.Square(outputs[1])}, 0)
	}
	for _, parts := range []int{1, 2} {
		pass := func(mode nn.Mode) testkit.Outcome {
			mode.Precision, mode.NormParts = device.F64, parts
			return testkit.NewModel(t, testkit.Any(t), mode, network, views...).Pass(t, true, testkit.SumSquares, views...)
		}
		want := pass(nn.Mode{})
		for _, devices := range []int{1, 2} {
			got := pass(nn.Mode{JointViews: true, Devices: devices})
			testkit.Near(t, "y", got.Y, want.Y, 1e-9)
			testkit.Near(t, "gradient", got.DParams, want.DParams, 1e-9)
			testkit.Near(t, "running statistics", got.Buffers, want.Buffers, 1e-9)
			for i := range views {
				testkit.Near(t, "gradient of a view", got.DInputs[i], want.DInputs[i], 1e-9)
			}
		}
	}
}

// TestPerViewOfSeveralSizes checks the same of views of which only some have one
// size: in one pass go those.
func TestPerViewOfSeveralSizes(t *testing.T) {
	sizes := []int{4, 2, 4, 3, 2} // of full and local crops, in no order
	views := make([]testkit.Array, len(sizes))
	for i, size := range sizes {
		views[i] = testkit.Array{Shape: []int{6, size, size, 3}, Data: testkit.G(i+2, 6, 3*size*size)}
		for k := range views[i].Data {
			views[i].Data[k] += 0.3 * float64(i*i)
		}
	}
	pass := func(mode nn.Mode) (testkit.Outcome, int) {
		passes := 0
		mode.Precision = device.F64
		m := testkit.NewModel(t, testkit.Any(t), mode, func(scope *nn.Scope, inputs []*graph.Node) *graph.Node {
			passes = 0
			outputs := nn.PerView(scope, inputs, func(scope *nn.Scope, x *graph.Node) *graph.Node {
				passes++
				return small(scope, []*graph.Node{x})
			})
			for i, y := range outputs {
				outputs[i] = graph.MulScalar(graph.Square(y), float64(i)+0.5)
			}
			return graph.Concatenate(outputs, 0)
		}, views...)
		return m.Pass(t, true, testkit.SumSquares, views...), passes
	}
	want, separate := pass(nn.Mode{})
	for _, devices := range []int{1, 2} {
		got, joint := pass(nn.Mode{JointViews: true, Devices: devices})
		if joint != 3 || separate != len(views) {
			t.Errorf("%d passes of views in one pass, %d of separate ones, want 3 and %d", joint, separate, len(views))
		}
		testkit.Near(t, "y", got.Y, want.Y, 1e-12)
		testkit.Near(t, "gradient", got.DParams, want.DParams, 1e-12)
		testkit.Near(t, "running statistics", got.Buffers, want.Buffers, 1e-12)
		for i := range views {
			testkit.Near(t, "gradient of a view", got.DInputs[i], want.DInputs[i], 1e-12)
		}
	}
}

// TestViewsHaveTheirOwnStatistics guards TestPerView: statistics of all views
// together would be others.
func TestViewsHaveTheirOwnStatistics(t *testing.T) {
	one := testkit.Array{Shape: []int{4, 2}, Data: []float64{1, 0, 2, 0, 3, 0, 4, 0}}
	far := testkit.Array{Shape: []int{4, 2}, Data: []float64{101, 0, 102, 0, 103, 0, 104, 0}}
	m := testkit.NewModel(t, testkit.Any(t), nn.Mode{Precision: device.F64, JointViews: true}, func(scope *nn.Scope, views []*graph.Node) *graph.Node {
		return graph.Concatenate(nn.PerView(scope, views, func(scope *nn.Scope, x *graph.Node) *graph.Node {
			return nn.BatchNorm(scope, x, false)
		}), 0)
	}, one, far)
	got := m.Pass(t, true, nil, one, far)
	testkit.Near(t, "the second view, normalised", got.Y[8:], got.Y[:8], 1e-9)
	wantMean := 0.9*0.1*2.5 + 0.1*102.5
	testkit.NearScalar(t, "running mean", got.Buffers[0], wantMean, 1e-12)
}

// TestRowsThatDoNotDivide checks the panic of a network that changes the batch.
func TestRowsThatDoNotDivide(t *testing.T) {
	d := testkit.Open(t, device.Go)
	testkit.Panics(t, d, "3 rows do not divide into 2 views", func(g *graph.Graph) {
		_, err := nn.Declare(d.Backend, nn.Mode{Precision: device.F32, JointViews: true}, func(scope *nn.Scope) {
			x := graph.IotaFull(scope.Graph(), f32Shape(2, 4))
			nn.PerView(scope, []*graph.Node{x, x}, func(scope *nn.Scope, x *graph.Node) *graph.Node {
				return nn.BatchNorm(scope, graph.Slice(x, graph.AxisRange(0, 3)), false)
			})
		})
		if err != nil {
			panic(err)
		}
	})
}

// TestAfterPerView checks that what follows takes the batch as one again.
func TestAfterPerView(t *testing.T) {
	x := testkit.Array{Shape: []int{3, 2}, Data: []float64{1, 0, 2, 0, 6, 0}}
	m := testkit.NewModel(t, testkit.Any(t), nn.Mode{Precision: device.F64, JointViews: true}, func(scope *nn.Scope, views []*graph.Node) *graph.Node {
		nn.PerView(scope, views, func(_ *nn.Scope, x *graph.Node) *graph.Node { return x })
		return nn.BatchNorm(scope, views[0], false)
	}, x, x)
	got := m.Pass(t, true, nil, x, x)
	testkit.Near(t, "running statistics", got.Buffers, []float64{0.3, 0, 0.9 + 0.7, 0.9}, 1e-12)
}
