package pretrained

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
)

// Attention tells where a vision transformer looks: how much the class token, whose
// last state is the features, heeds each patch in the last block, as [backbone.ViT.Attention]
// has it, for each image and head. A map is square: its rows from top to bottom, of as many
// numbers as there are rows. Images are prepared as for [Model.Embed], so that the patches
// are those of the central square.
//
//	result  [image][head][patch]; a head's sum is 1 less what the class token heeds itself
//
// It is an error if the backbone is no [backbone.ViT]. An empty kind is [device.Auto].
func (m *Model) Attention(ctx context.Context, kind device.Kind, images *dataset.Images) ([][][]float32, error) {
	net, ok := m.Backbone.(backbone.ViT)
	if !ok {
		return nil, fmt.Errorf("pretrained: attention: the backbone is %s, want a ViT", backbone.Describe(m.Backbone))
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("pretrained: attention: %w", err)
	}
	if err := images.Validate(); err != nil {
		return nil, fmt.Errorf("pretrained: attention: %w", err)
	}
	d, err := device.Open(kind)
	if err != nil {
		return nil, fmt.Errorf("pretrained: attention: %w", err)
	}
	flat, err := m.rows(ctx, d, images, func(d *device.Device, vars *nn.Variables) (*eval.Embedder, error) {
		return eval.NewEmbedder(d, vars, m.Precision, func(scope *nn.Scope, images augment.Batch) *graph.Node {
			x := m.View().Plain(images)
			weights := net.Attention(scope.In(method.BackbonePath), x) // [batch, heads, tokens]
			return graph.Reshape(weights, x.Shape().Dimensions[0], -1)
		})
	})
	if err != nil {
		return nil, fmt.Errorf("pretrained: attention: %w", err)
	}
	tokens := net.Tokens(m.Size, m.Size)
	var maps [][][]float32
	for image := range slices.Chunk(flat, net.Heads*tokens) {
		var heads [][]float32
		for head := range slices.Chunk(image, tokens) {
			heads = append(heads, head[1:])
		}
		maps = append(maps, heads)
	}
	return maps, nil
}
