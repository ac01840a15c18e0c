package eval

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
)

// A Probe is a compiled [Linear] with a number of classes. It keeps what it was
// last fitted to on the device, a few kilobytes, and its programs, until Free.
type Probe struct {
	linear  Linear
	device  *device.Device
	classes int

	measure, train, classify *graph.Exec

	center, scale    *tensors.Tensor // [1, dim] each: how features are standardised
	params, velocity *tensors.Tensor // [dim+1, classes] each: weights, and below them the biases
}

// NewProbe returns a probe on a device.
func (l Linear) NewProbe(d *device.Device, classes int) (*Probe, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	if !l.On() {
		return nil, errors.New("eval: Linear: epochs 0 means no probe: want at least 1")
	}
	if classes < 2 {
		return nil, fmt.Errorf("eval: Linear: %d classes, want at least 2", classes)
	}
	p := &Probe{linear: l, device: d, classes: classes}
	for _, program := range []struct {
		exec  **graph.Exec
		build func(in []*graph.Node) []*graph.Node
	}{
		{&p.measure, moments}, {&p.train, p.epoch}, {&p.classify, mostProbable},
	} {
		var err error
		if *program.exec, err = graph.NewExec(d.Backend, program.build); err != nil {
			return nil, fmt.Errorf("eval: Linear: %w", err)
		}
		(*program.exec).WithName("linear probe")
	}
	return p, nil
}

// Fit fits the probe anew.
//
//	features  [n, dim], as they come from the network
//	labels    [n] int32
//
// It stops between epochs when the context ends. After an error there is
// nothing to predict with. A probe with a View wants [Probe.FitDrawn].
func (p *Probe) Fit(ctx context.Context, features, labels *tensors.Tensor) error {
	if p.linear.Drawn() {
		return errors.New("eval: Linear: view: images are drawn anew for every epoch, and features are of one time: " +
			"want a probe without a view, or the network and its images")
	}
	return p.fit(ctx, labels, func(int) (*tensors.Tensor, error) { return features, nil })
}

// FitDrawn is [Probe.Fit] with features that differ from epoch to epoch, of the same
// images in the same order.
//
//	draw  returns those of an epoch, counted from 0, [n, dim]; they are freed after it
//
// How features are standardised is measured in the first epoch.
func (p *Probe) FitDrawn(ctx context.Context, labels *tensors.Tensor, draw func(epoch int) (*tensors.Tensor, error)) error {
	var last *tensors.Tensor
	defer free(&last)
	return p.fit(ctx, labels, func(epoch int) (*tensors.Tensor, error) {
		free(&last)
		var err error
		last, err = draw(epoch)
		return last, err
	})
}

// fit fits the probe anew to the features of each epoch.
func (p *Probe) fit(ctx context.Context, labels *tensors.Tensor, draw func(epoch int) (*tensors.Tensor, error)) error {
	p.forget()
	for epoch := range p.linear.Epochs {
		if err := p.advance(ctx, epoch, labels, draw); err != nil {
			p.forget()
			return fmt.Errorf("eval: Linear: %w", err)
		}
	}
	free(&p.velocity)
	params, err := tensors.CopyFlatData[float32](p.params)
	if err == nil && firstNotFinite(params) >= 0 {
		err = fmt.Errorf("the weights grew beyond all bounds: lr %g is too high", p.linear.LR)
	}
	if err != nil {
		p.forget()
		return fmt.Errorf("eval: Linear: %w", err)
	}
	return nil
}

// advance draws the features of an epoch and makes its steps.
func (p *Probe) advance(ctx context.Context, epoch int, labels *tensors.Tensor, draw func(epoch int) (*tensors.Tensor, error)) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("stopped before epoch %d: %w", epoch+1, err)
	}
	features, err := draw(epoch)
	if err != nil {
		return fmt.Errorf("epoch %d: %w", epoch+1, err)
	}
	if err := p.check(features, labels); err != nil {
		return err
	}
	if epoch == 0 {
		if err := p.standardize(features); err != nil {
			return err
		}
		shape := shapes.Make(dtypes.Float32, features.Shape().Dimensions[1]+1, p.classes)
		p.params, p.velocity = tensors.FromShape(shape), tensors.FromShape(shape) // zeros
	}
	if dim, want := features.Shape().Dimensions[1], p.center.Shape().Dimensions[1]; dim != want {
		return fmt.Errorf("epoch %d: %d features an image, want %d as in the first", epoch+1, dim, want)
	}
	if err := p.fitEpoch(epoch, features, labels); err != nil {
		return fmt.Errorf("epoch %d: %w", epoch+1, err)
	}
	return nil
}

// check reports features and labels that do not fit together.
func (p *Probe) check(features, labels *tensors.Tensor) error {
	if err := checkFeatures(features); err != nil {
		return err
	}
	n := features.Shape().Dimensions[0]
	if shape := labels.Shape(); shape.DType != dtypes.Int32 || shape.Rank() != 1 || shape.Dimensions[0] != n {
		return fmt.Errorf("labels %s for features of %d images, want [%d] int32", shape, n, n)
	}
	classes, err := tensors.CopyFlatData[int32](labels)
	if err != nil {
		return err
	}
	for i, class := range classes {
		if class < 0 || int(class) >= p.classes {
			return fmt.Errorf("label %d of image %d, want one of 0 to %d", class, i, p.classes-1)
		}
	}
	return nil
}

// standardize measures the features, and reports those that are no numbers.
func (p *Probe) standardize(features *tensors.Tensor) error {
	out, err := p.measure.Exec(features)
	if err != nil {
		return fmt.Errorf("standardise features: %w", err)
	}
	p.center, p.scale = out[0], out[1]
	means, err := tensors.CopyFlatData[float32](p.center)
	if err != nil {
		return err
	}
	if column := firstNotFinite(means); column >= 0 {
		return fmt.Errorf("feature %d of some image is not a finite number", column)
	}
	return nil
}

// fitEpoch makes the steps of an epoch, in one call.
func (p *Probe) fitEpoch(epoch int, features, labels *tensors.Tensor) error {
	images := features.Shape().Dimensions[0]
	steps, batch := p.linear.steps(images)
	order := tensors.FromFlatDataAndDimensions(p.linear.order(epoch, images), steps, batch)
	rates := tensors.FromFlatDataAndDimensions(p.linear.rates(epoch, images), steps)
	defer free(&order, &rates)
	after, err := p.train.Exec(p.params, p.velocity, features, labels, p.center, p.scale, order, rates)
	if err != nil {
		return err
	}
	free(&p.params, &p.velocity)
	p.params, p.velocity = after[0], after[1]
	return nil
}

// Predict returns the class of every image.
//
//	features  [n, dim], with the dim of Fit
//	result    n classes
func (p *Probe) Predict(ctx context.Context, features *tensors.Tensor) ([]int32, error) {
	classes, err := p.predict(ctx, features)
	if err != nil {
		return nil, fmt.Errorf("eval: Linear: predict: %w", err)
	}
	return classes, nil
}

func (p *Probe) predict(ctx context.Context, features *tensors.Tensor) ([]int32, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if p.params == nil {
		return nil, errors.New("the probe is not fitted: call Fit first")
	}
	if err := checkFeatures(features); err != nil {
		return nil, err
	}
	if dim, want := features.Shape().Dimensions[1], p.center.Shape().Dimensions[1]; dim != want {
		return nil, fmt.Errorf("%d features an image, want %d as the probe was fitted to", dim, want)
	}
	out, err := p.classify.Exec1(features, p.center, p.scale, p.params)
	if err != nil {
		return nil, err
	}
	defer free(&out)
	classes, err := tensors.CopyFlatData[int32](out)
	if err != nil {
		return nil, err
	}
	if image := slices.Index(classes, noClass); image >= 0 {
		return nil, fmt.Errorf("a feature of image %d is not a finite number", image)
	}
	return classes, nil
}

// Free releases what the probe was fitted to, and its programs. The probe is of no
// use then.
func (p *Probe) Free() {
	p.forget()
	for _, program := range []*graph.Exec{p.measure, p.train, p.classify} {
		program.Finalize()
	}
}

// forget releases what the probe was fitted to.
func (p *Probe) forget() { free(&p.center, &p.scale, &p.params, &p.velocity) }

func checkFeatures(features *tensors.Tensor) error {
	if s := features.Shape(); !s.DType.IsFloat() || s.Rank() != 2 || s.Size() == 0 {
		return fmt.Errorf("features %s, want [n, dim] of floating-point numbers", s)
	}
	return nil
}

// firstNotFinite is the place of the first value that is NaN or infinite, or −1.
func firstNotFinite(values []float32) int {
	return slices.IndexFunc(values, func(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) })
}

// free releases tensors and forgets them; some may be nil.
func free(held ...**tensors.Tensor) {
	for _, t := range held {
		if *t != nil {
			(*t).MustFinalizeAll()
			*t = nil
		}
	}
}
