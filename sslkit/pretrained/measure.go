package pretrained

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/train"
)

// Measure measures the model as a run whose recipe has such Measures is measured: what
// classifies learns from data.Train, and is asked about data.Test. Ranks are those of the
// features of data.Train, and need neither classes nor test images.
// [eval.DefaultMeasures] of the model's View are what comparisons quote. An empty kind is
// [device.Auto]. It stops between batches and a probe's epochs when the context ends.
func (m *Model) Measure(ctx context.Context, kind device.Kind, data *dataset.Set, what eval.Measures) (eval.Measured, error) {
	measured, err := m.measure(ctx, kind, data, what)
	if err != nil {
		return eval.Measured{}, fmt.Errorf("pretrained: measure: %w", err)
	}
	return measured, nil
}

func (m *Model) measure(ctx context.Context, kind device.Kind, data *dataset.Set, what eval.Measures) (eval.Measured, error) {
	var none eval.Measured
	if err := m.checkMeasures(data, what); err != nil {
		return none, err
	}
	d, err := device.Open(kind)
	if err != nil {
		return none, err
	}
	placed, err := m.place(d, m.embedder)
	if err != nil {
		return none, err
	}
	defer placed.free()
	subject := &eval.Subject{
		Device: d, Embedder: placed.embedder, Params: placed.params, Buffers: placed.buffers, Classes: len(data.Train.Classes),
		NewDrawer: func(view augment.Policy) (*eval.Drawer, error) {
			return train.NewDrawer(d, placed.vars, nil, m.Backbone, view, m.Precision)
		},
	}
	if subject.Train, err = feed.OpenFor(d, data.Train, feed.Auto, m.Size); err != nil {
		return none, err
	}
	defer subject.Train.Free()
	if what.Labelled() {
		if subject.Truth, err = embedding.MatchLabels(data.Test.Labels, data.Test.Classes, data.Train.Classes); err != nil {
			return none, fmt.Errorf("test and training images: %w", err)
		}
		if subject.Test, err = feed.OpenFor(d, data.Test, feed.Auto, m.Size); err != nil {
			return none, err
		}
		defer subject.Test.Free()
		subject.Labels = tensors.FromFlatDataAndDimensions(data.Train.Labels, data.Train.Len())
		defer subject.Labels.MustFinalizeAll()
	}
	return subject.Measure(ctx, what, none, nil)
}

// checkMeasures reports measures that make no sense, or not with these images.
func (m *Model) checkMeasures(data *dataset.Set, what eval.Measures) error {
	if err := what.Validate(); err != nil {
		return err
	}
	if !what.On() {
		return errors.New("the measures are zero, want some: eval.DefaultMeasures has them")
	}
	if a, b := what.Linear.View, m.View(); what.Linear.Drawn() && !a.Prepares(b) {
		return fmt.Errorf("linear: view has size %d, mean %v and std %v, want the network's %d, %v and %v",
			a.Size, a.Mean, a.Std, b.Size, b.Mean, b.Std)
	}
	if err := data.Train.Validate(); err != nil {
		return fmt.Errorf("training images: %w", err)
	}
	if !what.Labelled() {
		return nil
	}
	most := slices.Max(append([]int{0}, what.KNN.K...))
	switch {
	case len(data.Train.Classes) < 2:
		return fmt.Errorf("the training images have %d classes, want at least 2 for kNN and a linear probe", len(data.Train.Classes))
	case most > data.Train.Len():
		return fmt.Errorf("k %d is more than the %d training images", most, data.Train.Len())
	case data.Test.Len() == 0 || len(data.Test.Classes) == 0:
		return errors.New("there are no test images with classes, want some for kNN and a linear probe")
	}
	if err := data.Test.Validate(); err != nil {
		return fmt.Errorf("test images: %w", err)
	}
	return nil
}
