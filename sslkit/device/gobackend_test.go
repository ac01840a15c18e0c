package device_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// convolution returns y and the gradients of Σ y² of a convolution; options
// that the stride does not need are left out, as gradients leave them out.
func convolution(t *testing.T, d *device.Device, stride, pad int) [][]float64 {
	t.Helper()
	x := testkit.Array{Shape: []int{2, 7, 6, 3}, Data: testkit.G(1, 2, 126)}
	kernel := testkit.Array{Shape: []int{3, 3, 3, 4}, Data: testkit.G(2, 9, 12)}
	return testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
		conv := graph.Convolve(in[0], in[1])
		if stride > 1 {
			conv = conv.Strides(stride)
		}
		if pad > 0 {
			conv = conv.PaddingPerDim([][2]int{{pad, pad}, {pad, pad}})
		}
		y := conv.Done()
		return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(graph.Square(y)), in[0], in[1])...)
	}, x.Tensor(dtypes.Float32), kernel.Tensor(dtypes.Float32))
}

// TestConvolution compares the Go backend with XLA.
func TestConvolution(t *testing.T) {
	for _, c := range []struct{ stride, pad int }{{1, 0}, {1, 1}, {2, 0}, {2, 1}, {3, 2}} {
		got := convolution(t, testkit.Open(t, device.Go), c.stride, c.pad)
		if testing.Short() {
			continue // it did not panic
		}
		want := convolution(t, testkit.XLA(t), c.stride, c.pad)
		for i, name := range []string{"y", "dx", "dkernel"} {
			testkit.Near(t, name, got[i], want[i], 1e-5)
		}
	}
}

// TestGoBackendFinishes runs more independent products than there are CPUs,
// each of them split among workers: side by side they would wait for ever.
func TestGoBackendFinishes(t *testing.T) {
	d := testkit.Open(t, device.Go)
	x := testkit.Array{Shape: []int{6, 5}, Data: testkit.G(1, 6, 5)}
	done := make(chan bool)
	go func() {
		defer close(done)
		for range 20 {
			testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
				var products []*graph.Node
				for i := range 16 * runtime.NumCPU() {
					y := graph.AddScalar(in[0], float64(i))
					products = append(products, graph.Dot(y, y).General([]int{0}, nil, []int{0}, nil))
				}
				return products
			}, x.Tensor(dtypes.Float64))
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("the Go backend hangs")
	}
}
