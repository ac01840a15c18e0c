package eval

import (
	"context"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// A Drawer maps random views of images to features, as an [Embedder] does with the images
// as they are.
type Drawer struct{ embedder *Embedder }

// NewDrawer returns a drawer for a model with the given variables. features builds the
// features [batch, dim] of views of images, by a key for each of them, [batch] uint64; its
// scope is in evaluation mode.
func NewDrawer(d *device.Device, vars *nn.Variables, precision device.Precision,
	features func(scope *nn.Scope, keys *graph.Node, images augment.Batch) *graph.Node) (*Drawer, error) {
	e, err := newEmbedder(d, "drawer", func(in []*graph.Node) []*graph.Node {
		params, buffers, key, order, places, set := in[0], in[1], in[2], in[3], in[4], in[5:] // order, places: [batch]
		model := vars.Bind(nn.Mode{Precision: precision}, params, buffers)
		return []*graph.Node{features(model.Scope, op.KeyNode(key, order), feed.Take(set, places))}
	})
	return &Drawer{e}, err
}

// Draw returns the features of a view of each image, [images, dim], on the device; free
// them with FinalizeAll. Views depend on the key, and each on its image's number, alone.
//
//	params, buffers  the model's flat vectors
//
// It stops between batches when the context ends.
func (d *Drawer) Draw(ctx context.Context, key uint64, params, buffers *tensors.Tensor, images *feed.Source) (*tensors.Tensor, error) {
	return d.embedder.batches(ctx, params, buffers, images, func(order, places []int32) []any { return []any{key, order, places} })
}

// Free releases the compiled programs. The drawer is of no use then.
func (d *Drawer) Free() { d.embedder.Free() }
