// Package eval measures what a network has learnt without labels: it embeds
// images and asks their nearest neighbours.
package eval

import (
	"context"
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/nn"
)

// An Embedder maps images to features, in large batches. Images, weights and
// features stay on the device.
type Embedder struct {
	device *device.Device
	embed  *graph.Exec
	join   *graph.Exec
}

// NewEmbedder returns an embedder for a model with the given variables.
// features builds the features [batch, dim] of uint8 images
// [batch, height, width, 3], test-time transform included; its scope is in
// evaluation mode.
func NewEmbedder(d *device.Device, vars *nn.Variables, precision device.Precision,
	features func(scope *nn.Scope, images *graph.Node) *graph.Node) (*Embedder, error) {
	embed, err := graph.NewExec(d.Backend, func(params, buffers, images, start *graph.Node) *graph.Node {
		batch := min(d.EmbedBatch(), images.Shape().Dimensions[0])
		rows := graph.Add(graph.Iota(images.Graph(), shapes.Make(dtypes.Int32, batch, 1), 0), start) // [batch, 1]
		model := vars.Bind(nn.Mode{Precision: precision}, params, buffers)
		return features(model.Scope, graph.Gather(images, rows, true))
	})
	if err != nil {
		return nil, fmt.Errorf("eval: %w", err)
	}
	join, err := graph.NewExec(d.Backend, func(parts []*graph.Node) *graph.Node {
		return graph.Concatenate(parts, 0)
	})
	if err != nil {
		return nil, fmt.Errorf("eval: %w", err)
	}
	return &Embedder{device: d, embed: embed, join: join}, nil
}

// Embed returns the features of all images, on the device.
//
//	params, buffers  the model's flat vectors
//	images           [n, height, width, 3] uint8
//	result           [n, dim]; free it with FinalizeAll
//
// It stops between batches when the context ends.
func (e *Embedder) Embed(ctx context.Context, params, buffers, images *tensors.Tensor) (*tensors.Tensor, error) {
	total := images.Shape().Dimensions[0]
	batch := min(e.device.EmbedBatch(), total)
	var parts []any
	defer func() {
		for _, part := range parts {
			part.(*tensors.Tensor).MustFinalizeAll()
		}
	}()
	for start := 0; start < total; start += batch {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("eval: embed: %w", err)
		}
		// The last batch is moved back so that it is full; its first rows repeat.
		from := min(start, total-batch)
		part, err := e.embed.Exec1(params, buffers, images, int32(from))
		if err != nil {
			return nil, fmt.Errorf("eval: embed images %d to %d: %w", from, from+batch, err)
		}
		if from < start {
			part, err = e.tail(part, start-from)
			if err != nil {
				return nil, fmt.Errorf("eval: embed: %w", err)
			}
		}
		parts = append(parts, part)
	}
	features, err := e.join.Exec1(parts...)
	if err != nil {
		return nil, fmt.Errorf("eval: join features: %w", err)
	}
	return features, nil
}

// tail returns a tensor without its first rows, and frees it.
func (e *Embedder) tail(part *tensors.Tensor, rows int) (*tensors.Tensor, error) {
	defer part.MustFinalizeAll()
	return graph.ExecOnce(e.device.Backend, func(x *graph.Node) *graph.Node {
		return graph.Slice(x, graph.AxisRange(rows))
	}, part)
}
