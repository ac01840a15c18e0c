package eval_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

// An embedCase is a benchmark of the features of 32×32 images.
type embedCase struct {
	width, images int
	precision     device.Precision
}

func embedCases(kind device.Kind) []embedCase {
	if kind == device.CUDA { // the test images of CIFAR-10
		return []embedCase{{64, 10_000, device.BF16}, {64, 10_000, device.F32}}
	}
	return []embedCase{{16, 2_000, device.F32}, {64, 2_000, device.F32}}
}

// BenchmarkEmbed times features of 32×32 images, by ResNet-18.
func BenchmarkEmbed(b *testing.B) {
	d := testkit.XLA(b)
	for _, c := range embedCases(d.Kind) {
		n := c.images
		b.Run(fmt.Sprintf("width=%d/images=%d/precision=%s", c.width, n, c.precision), func(b *testing.B) {
			network := backbone.ResNet18()
			network.Width = c.width
			features := func(scope *nn.Scope, images augment.Batch) *graph.Node {
				return network.Forward(scope, augment.SimCLR(32).Plain(images))
			}
			vars, err := nn.Declare(d.Backend, nn.Mode{Precision: c.precision}, func(scope *nn.Scope) {
				features(scope, augment.Whole(graph.Zeros(scope.Graph(), shapes.Make(dtypes.Uint8, 2, 32, 32, 3))))
			})
			if err != nil {
				b.Fatal(err)
			}
			embedder, err := eval.NewEmbedder(d, vars, c.precision, features)
			if err != nil {
				b.Fatal(err)
			}
			p, q := vars.Initial(1)
			params, buffers := testkit.Tensor(dtypes.Float32, p, len(p)), testkit.Tensor(dtypes.Float32, q, len(q))
			black := &dataset.Images{Pixels: make([]uint8, n*32*32*3), Labels: make([]int32, n), Height: 32, Width: 32}
			images, err := feed.Open(d, black, feed.Resident)
			if err != nil {
				b.Fatal(err)
			}
			defer images.Free()
			embed := func() {
				out, err := embedder.Embed(context.Background(), params, buffers, images)
				if err != nil {
					b.Fatal(err)
				}
				out.MustConstFlatData(func(any) {}) // waits for the device
				out.MustFinalizeAll()
			}
			embed()
			for b.Loop() {
				embed()
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}

// BenchmarkKNN times the classification of a whole test set.
func BenchmarkKNN(b *testing.B) {
	d := testkit.XLA(b)
	for _, c := range []struct{ bank, queries, dim int }{{5_000, 1_000, 128}, {50_000, 10_000, 128}, {50_000, 10_000, 512}} {
		b.Run(fmt.Sprintf("bank=%d/queries=%d/dim=%d", c.bank, c.queries, c.dim), func(b *testing.B) {
			classifier, err := eval.KNN{K: 200, Temperature: 0.1}.NewClassifier(d, 10)
			if err != nil {
				b.Fatal(err)
			}
			bank := testkit.Tensor(dtypes.Float32, testkit.G(1, c.bank, c.dim), c.bank, c.dim)
			queries := testkit.Tensor(dtypes.Float32, testkit.G(2, c.queries, c.dim), c.queries, c.dim)
			labels := make([]int32, c.bank)
			for i := range labels {
				labels[i] = int32(i % 10)
			}
			classes := tensors.FromFlatDataAndDimensions(labels, len(labels))
			predict := func() {
				if _, err := classifier.Predict(context.Background(), queries, bank, classes); err != nil {
					b.Fatal(err)
				}
			}
			predict()
			for b.Loop() {
				predict()
			}
		})
	}
}

// BenchmarkGrid times the classification of a test set in several ways at once.
func BenchmarkGrid(b *testing.B) {
	const size, queries, dim = 5_000, 1_000, 128
	bank := testkit.Tensor(dtypes.Float32, testkit.G(1, size, dim), size, dim)
	tests := testkit.Tensor(dtypes.Float32, testkit.G(2, queries, dim), queries, dim)
	labels := make([]int32, size)
	for i := range labels {
		labels[i] = int32(i % 10)
	}
	classes := tensors.FromFlatDataAndDimensions(labels, size)
	for _, grid := range []eval.Grid{{K: []int{200}, Temperature: []float64{0.1}}, eval.DefaultGrid()} {
		b.Run(fmt.Sprintf("settings=%d", len(grid.K)*len(grid.Temperature)), func(b *testing.B) {
			classifier, err := grid.NewClassifier(testkit.XLA(b), 10)
			if err != nil {
				b.Fatal(err)
			}
			defer classifier.Free()
			scores := func() {
				if _, err := classifier.Scores(context.Background(), tests, bank, classes, labels[:queries]); err != nil {
					b.Fatal(err)
				}
			}
			scores()
			for b.Loop() {
				scores()
			}
		})
	}
}

// BenchmarkLinear times the fit of a linear probe.
func BenchmarkLinear(b *testing.B) {
	d := testkit.XLA(b)
	for _, c := range []struct{ images, dim int }{{5_000, 128}, {50_000, 512}} {
		b.Run(fmt.Sprintf("images=%d/dim=%d", c.images, c.dim), func(b *testing.B) {
			linear := eval.DefaultLinear()
			linear.Epochs = 10
			probe, err := linear.NewProbe(d, 10)
			if err != nil {
				b.Fatal(err)
			}
			defer probe.Free()
			features := testkit.Tensor(dtypes.Float32, testkit.G(1, c.images, c.dim), c.images, c.dim)
			labels := make([]int32, c.images)
			for i := range labels {
				labels[i] = int32(i % 10)
			}
			classes := tensors.FromFlatDataAndDimensions(labels, len(labels))
			fit := func() {
				if err := probe.Fit(context.Background(), features, classes); err != nil {
					b.Fatal(err)
				}
			}
			fit()
			for b.Loop() {
				fit()
			}
			b.ReportMetric(float64(c.images*linear.Epochs*b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
