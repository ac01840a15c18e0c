package eval

import (
	"context"
	"fmt"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/nn"
)

// An Embedder maps images to features, in large batches. Weights and features
// stay on the device. Where that is several accelerators, they take batches in turn.
type Embedder struct {
	device *device.Device
	build  func([]*graph.Node) []*graph.Node // of embed
	embed  *graph.Exec
	join   *graph.Exec
	tails  map[int]*graph.Exec // by how many rows they take away, made when they are first wanted
}

// The names that programs are compiled under, run or planned.
const (
	embedName = "embedder"
	voteName  = "kNN vote"
)

// NewEmbedder returns an embedder for a model with the given variables.
// features builds the features [batch, dim] of images, test-time transform
// included; its scope is in evaluation mode.
func NewEmbedder(d *device.Device, vars *nn.Variables, precision device.Precision,
	features func(scope *nn.Scope, images augment.Batch) *graph.Node) (*Embedder, error) {
	build := func(in []*graph.Node) []*graph.Node {
		params, buffers, places, set := in[0], in[1], in[2], in[3:] // places: [batch]
		model := vars.Bind(nn.Mode{Precision: precision}, params, buffers)
		return []*graph.Node{features(model.Scope, feed.Take(set, places))}
	}
	return newEmbedder(d, embedName, build)
}

func newEmbedder(d *device.Device, name string, build func([]*graph.Node) []*graph.Node) (*Embedder, error) {
	embed, err := graph.NewExec(d.Backend, build)
	if err != nil {
		return nil, fmt.Errorf("eval: %w", err)
	}
	embed.WithName(name)
	join, err := graph.NewExec(d.Backend, func(parts []*graph.Node) *graph.Node {
		return graph.Concatenate(parts, 0)
	})
	if err != nil {
		return nil, fmt.Errorf("eval: %w", err)
	}
	return &Embedder{device: d, build: build, embed: embed, join: join, tails: map[int]*graph.Exec{}}, nil
}

// Plan plans the program that [Embedder.Embed] runs for each batch of images, on a
// device of [device.Target.Open].
func (e *Embedder) Plan(params, buffers shapes.Shape, images *feed.Source) (device.Program, error) {
	batch := images.Batch(e.device.EmbedBatch())
	arguments := append([]shapes.Shape{params, buffers, shapes.Make(dtypes.Int32, batch)}, images.ReadShapes(batch)...)
	program, err := e.device.Plan(embedName, e.build, arguments...)
	if err != nil {
		return device.Program{}, fmt.Errorf("eval: %w", err)
	}
	return program, nil
}

// Free releases the compiled programs. The embedder is of no use then.
func (e *Embedder) Free() {
	e.embed.Finalize()
	e.join.Finalize()
	for _, tail := range e.tails {
		tail.Finalize()
	}
}

// Embed returns the features of all images, on the device.
//
//	params, buffers  the model's flat vectors
//	result           [images, dim]; free it with FinalizeAll
//
// It stops between batches when the context ends.
func (e *Embedder) Embed(ctx context.Context, params, buffers *tensors.Tensor, images *feed.Source) (*tensors.Tensor, error) {
	return e.batches(ctx, params, buffers, images, func(_, places []int32) []any { return []any{places} })
}

// batches runs the program batch by batch. arguments returns those of a batch between the
// vectors and the set: which images they are, and their places in the set.
func (e *Embedder) batches(ctx context.Context, params, buffers *tensors.Tensor, images *feed.Source,
	arguments func(order, places []int32) []any) (*tensors.Tensor, error) {
	vectors := make([]spread, 2)
	for i, x := range []*tensors.Tensor{params, buffers} {
		var err error
		if vectors[i], err = newSpread(e.device, x); err != nil {
			return nil, fmt.Errorf("eval: embed: %w", err)
		}
		defer vectors[i].free()
	}
	total := images.Len()
	batch := images.Batch(e.device.EmbedBatch())
	order := inFullBatches(total, batch)
	places := images.Places(order, batch)
	reader, err := images.Read(order, batch)
	if err != nil {
		return nil, fmt.Errorf("eval: embed: %w", err)
	}
	defer reader.Close()
	parts := make([]*tensors.Tensor, (total+batch-1)/batch)
	defer func() {
		for _, part := range parts {
			if part != nil {
				part.MustFinalizeAll()
			}
		}
	}()
	workers := crew{device: e.device}
	for start := 0; start < total; start += batch {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("eval: embed: %w", err)
		}
		set, err := reader.Next()
		if err != nil {
			return nil, fmt.Errorf("eval: embed: %w", err)
		}
		args := arguments(order[start:start+batch], places[start:start+batch])
		for _, t := range set {
			args = append(args, t)
		}
		err = workers.take(func(k int) (err error) {
			parts[start/batch], err = e.part(k, start-int(order[start]), append([]any{vectors[0][k], vectors[1][k]}, args...))
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("eval: embed up to image %d: %w", start+batch, err)
		}
	}
	if err := workers.finish(); err != nil {
		return nil, fmt.Errorf("eval: embed the last images: %w", err)
	}
	features, err := e.join.Exec1(parts)
	if err != nil {
		return nil, fmt.Errorf("eval: join features: %w", err)
	}
	return features, nil
}

// inFullBatches is the order of the images of all batches. The last one is moved back so
// that it is full; its first images repeat.
func inFullBatches(total, batch int) (order []int32) {
	for start := 0; start < total; start += batch {
		for k := range batch {
			order = append(order, int32(min(start, total-batch)+k))
		}
	}
	return order
}

// part returns the features of a batch that an accelerator computes, without the first rows,
// on the first one.
func (e *Embedder) part(accelerator, without int, args []any) (*tensors.Tensor, error) {
	features, _, err := e.embed.ExecWithGraphOnDevice(backends.DeviceNum(accelerator), args...)
	if err != nil {
		return nil, err
	}
	part := features[0]
	if accelerator > 0 {
		defer part.MustFinalizeAll()
		if part, err = e.device.Copy(part, 0); err != nil {
			return nil, err
		}
	}
	if without == 0 {
		return part, nil
	}
	return e.tail(part, without)
}

// tail returns a tensor without its first rows, and frees it.
func (e *Embedder) tail(part *tensors.Tensor, rows int) (*tensors.Tensor, error) {
	defer part.MustFinalizeAll()
	tail, ok := e.tails[rows]
	if !ok {
		var err error
		tail, err = graph.NewExec(e.device.Backend, func(x *graph.Node) *graph.Node {
			return graph.Slice(x, graph.AxisRange(rows))
		})
		if err != nil {
			return nil, err
		}
		e.tails[rows] = tail
	}
	return tail.Exec1(part)
}
