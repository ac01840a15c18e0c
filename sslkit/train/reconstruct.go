package train

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// A Reconstruction is what a method that predicts masked patches makes of images: as many
// of each kind, square, as large as the first view, with the images' classes.
type Reconstruction struct {
	Views  *dataset.Images // random views, drawn as in training
	Masked *dataset.Images // the views, nearly white where they are masked
	Filled *dataset.Images // the views, with what is predicted where they are masked
}

// maskedGrey is the colour of masked patches: few patches are as light, and all of it is seen
// on a white page.
const maskedGrey = 0xee

// Reconstruct draws a view of each image, masks patches as the recipe's method does in
// training, and lets it predict them. Views and masks depend on the seed, and on an image's
// place among the images, alone. An empty kind is [device.Auto].
//
// It is an error if the method is no [method.Reconstructor]. It stops between batches when
// the context ends.
func (w *Weights) Reconstruct(ctx context.Context, kind device.Kind, images *dataset.Images, seed uint64) (*Reconstruction, error) {
	m, ok := w.Recipe.Method.(method.Reconstructor)
	if !ok {
		return nil, fmt.Errorf("train: reconstruct: %s predicts no masked patches, want a method that does, such as MAE", method.Name(w.Recipe.Method))
	}
	if err := images.Validate(); err != nil {
		return nil, fmt.Errorf("train: reconstruct: %w", err)
	}
	d, err := device.Open(kind)
	if err != nil {
		return nil, fmt.Errorf("train: reconstruct: %w", err)
	}
	values, err := w.draw(ctx, d, images, seed, reconstructed(w.Recipe.Views[0], m, w.Recipe.Backbone))
	if err != nil {
		return nil, fmt.Errorf("train: reconstruct: %w", err)
	}
	return w.pictures(images, values), nil
}

// reconstructed builds, of each image, the view, the view with predictions, and a number
// for each pixel: 1 where it is masked. [batch, 7·pixels].
func reconstructed(view augment.Policy, m method.Reconstructor, net backbone.Backbone) func(*nn.Scope, *graph.Node, augment.Batch) *graph.Node {
	return func(scope *nn.Scope, keys *graph.Node, images augment.Batch) *graph.Node {
		net := net.(backbone.ViT) // as the method's Validate wants
		x := view.View(op.KeyNodeAt(keys, 0), images)
		dims := x.Shape().Dimensions
		noise := op.UniformEach(op.KeyNodeAt(keys, 1), net.Tokens(dims[1], dims[2])) // [tokens, batch]
		r := m.Reconstruct(scope, net, x, graph.Transpose(noise, 0, 1))
		parts := []*graph.Node{op.Widen(x), r.Filled, graph.ConvertDType(r.Masked, r.Filled.DType())}
		for i, part := range parts {
			parts[i] = graph.Reshape(part, dims[0], -1)
		}
		return graph.Concatenate(parts, 1)
	}
}

// draw computes rows for images with the weights.
func (w *Weights) draw(ctx context.Context, d *device.Device, images *dataset.Images, seed uint64,
	rows func(*nn.Scope, *graph.Node, augment.Batch) *graph.Node) ([]float32, error) {
	drawer, err := eval.NewDrawer(d, w.Variables, device.F32, rows)
	if err != nil {
		return nil, err
	}
	defer drawer.Free()
	source, err := feed.OpenFor(d, images, feed.Streamed, w.Recipe.Views[0].Size)
	if err != nil {
		return nil, err
	}
	defer source.Free()
	params := tensors.FromFlatDataAndDimensions(narrowed(w.Params), len(w.Params))
	defer params.MustFinalizeAll()
	buffers := tensors.FromFlatDataAndDimensions(narrowed(w.Buffers), len(w.Buffers))
	defer buffers.MustFinalizeAll()
	drawn, err := drawer.Draw(ctx, op.Key(seed), params, buffers, source)
	if err != nil {
		return nil, err
	}
	defer drawn.MustFinalizeAll()
	return tensors.CopyFlatData[float32](drawn)
}

// pictures makes images of the rows of [reconstructed].
func (w *Weights) pictures(images *dataset.Images, values []float32) *Reconstruction {
	view := w.Recipe.Views[0]
	pixels := view.Size * view.Size
	empty := func() *dataset.Images {
		return &dataset.Images{Labels: slices.Clone(images.Labels), Classes: slices.Clone(images.Classes), Height: view.Size, Width: view.Size}
	}
	r := &Reconstruction{Views: empty(), Masked: empty(), Filled: empty()}
	for row := range slices.Chunk(values, 7*pixels) {
		whole, filled, masked := row[:3*pixels], row[3*pixels:6*pixels], row[6*pixels:]
		for i := range whole {
			level := view.Level(whole[i], i%3)
			r.Views.Pixels = append(r.Views.Pixels, level)
			r.Filled.Pixels = append(r.Filled.Pixels, view.Level(filled[i], i%3))
			if masked[i/3] > 0 {
				level = maskedGrey
			}
			r.Masked.Pixels = append(r.Masked.Pixels, level)
		}
	}
	return r
}
