package pretrained

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/train"
)

// Embed returns the features of images, as the evaluation of a run has them, with
// the images' labels, classes and files. Their origin is [Model.FeaturesOrigin] with
// the fingerprint of the images' pixels. An empty kind is [device.Auto]. It stops
// between batches when the context ends.
func (m *Model) Embed(ctx context.Context, kind device.Kind, images *dataset.Images) (*embedding.Set, error) {
	origin, err := m.featuresOrigin()
	if err != nil {
		return nil, fmt.Errorf("pretrained: embed: %w", err)
	}
	if err := images.Validate(); err != nil {
		return nil, fmt.Errorf("pretrained: embed: %w", err)
	}
	origin.Images = images.Fingerprint().Pixels
	d, err := device.Open(kind)
	if err != nil {
		return nil, fmt.Errorf("pretrained: embed: %w", err)
	}
	features, err := m.rows(ctx, d, images, m.embedder)
	if err != nil {
		return nil, fmt.Errorf("pretrained: embed: %w", err)
	}
	set := &embedding.Set{
		Features: features,
		Dim:      m.Backbone.Features(),
		Classes:  slices.Clone(images.Classes),
		Files:    slices.Clone(images.Files),
		Origin:   origin,
	}
	if len(images.Classes) > 0 {
		set.Labels = slices.Clone(images.Labels)
	}
	return set, nil
}

// rows computes what an embedder makes of images, [images, dim].
func (m *Model) rows(ctx context.Context, d *device.Device, images *dataset.Images, build makeEmbedder) ([]float32, error) {
	placed, err := m.place(d, build)
	if err != nil {
		return nil, err
	}
	defer placed.free()
	source, err := feed.OpenFor(d, images, feed.Streamed, m.Size)
	if err != nil {
		return nil, err
	}
	defer source.Free()
	features, err := placed.embedder.Embed(ctx, placed.params, placed.buffers, source)
	if err != nil {
		return nil, err
	}
	defer features.MustFinalizeAll()
	return tensors.CopyFlatData[float32](features)
}

// makeEmbedder makes an embedder of a model with these variables.
type makeEmbedder func(d *device.Device, vars *nn.Variables) (*eval.Embedder, error)

// embedder makes the one of features.
func (m *Model) embedder(d *device.Device, vars *nn.Variables) (*eval.Embedder, error) {
	return train.NewEmbedder(d, vars, nil, m.Backbone, m.View(), m.Precision)
}

// placed is a model on a device.
type placed struct {
	vars            *nn.Variables
	params, buffers *tensors.Tensor
	embedder        *eval.Embedder
}

func (m *Model) place(d *device.Device, build makeEmbedder) (*placed, error) {
	p := &placed{}
	var err error
	if p.vars, err = m.declare(d); err == nil {
		p.params, err = m.flat(p.vars.Params())
	}
	if err == nil {
		p.buffers, err = m.flat(p.vars.Buffers())
	}
	if err == nil {
		p.embedder, err = build(d, p.vars)
	}
	if err != nil {
		p.free()
		return nil, err
	}
	return p, nil
}

func (p *placed) free() {
	for _, x := range []*tensors.Tensor{p.params, p.buffers} {
		if x != nil {
			x.MustFinalizeAll()
		}
	}
	if p.embedder != nil {
		p.embedder.Free()
	}
}

// flat returns the model's weights as the flat vector of these variables.
func (m *Model) flat(variables []nn.Variable) (*tensors.Tensor, error) {
	known := map[string]tensor{}
	for _, t := range m.tensors {
		known[t.path] = t
	}
	var flat []float32
	for _, v := range variables {
		t, ok := known[inBackbone(v)]
		if !ok || t.size() != v.Size() {
			return nil, fmt.Errorf("the weights have no %s of %d numbers", v.Path, v.Size())
		}
		flat = append(flat, t.ours()...)
	}
	return tensors.FromFlatDataAndDimensions(flat, len(flat)), nil
}
