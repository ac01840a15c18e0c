package train

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/recipe"
)

// Speed is how fast a device runs a recipe.
type Speed struct {
	Compile time.Duration // once a run
	Step    time.Duration // a training step, the median of several
	Embed   time.Duration // one image, for kNN accuracy
}

// Run estimates the time of a whole run; the search for neighbours is not in it.
func (s Speed) Run(r recipe.Recipe) time.Duration {
	var knn time.Duration
	if r.Eval.On() {
		knn = time.Duration(r.TrainImages+r.TestImages) * s.Embed
	}
	return s.Compile + time.Duration(r.Epochs)*(time.Duration(r.Steps())*s.Step+knn) + knn
}

// Measure makes some steps of a recipe on a device, with images of noise of the
// given height and width: the data need not be there.
func Measure(ctx context.Context, r recipe.Recipe, kind device.Kind, height, width int) (Speed, error) {
	const steps = 6
	if err := r.Validate(); err != nil {
		return Speed{}, fmt.Errorf("train: measure: %w", err)
	}
	d, err := device.Open(kind)
	if err != nil {
		return Speed{}, fmt.Errorf("train: measure: %w", err)
	}
	r.TrainImages, r.TestImages = max(r.Batch*steps, d.EmbedBatch()), 1
	r.Eval = eval.KNN{K: 1, Temperature: 1}
	if err := r.Validate(); err != nil {
		return Speed{}, fmt.Errorf("train: measure: %w", err)
	}
	t := &trainer{recipe: r, result: &Result{Recipe: r}}
	defer t.free()
	data := &dataset.Set{Train: noise(r.TrainImages, height, width), Test: noise(1, height, width)}
	if err := t.prepare(ctx, Options{Device: kind, Data: data}); err != nil {
		return Speed{}, err
	}
	if err := t.compile(); err != nil {
		return Speed{}, err
	}
	var speed Speed
	if speed.Step, err = t.medianStep(ctx, steps); err != nil {
		return Speed{}, err
	}
	for range 2 { // the first time compiles
		start := time.Now()
		if _, err := t.eval.accuracy(ctx, t.state); err != nil {
			return Speed{}, fmt.Errorf("train: measure: %w", err)
		}
		speed.Embed = time.Since(start) / time.Duration(r.TrainImages+r.TestImages)
	}
	speed.Compile = time.Duration(t.result.CompileSeconds * float64(time.Second))
	return speed, nil
}

// medianStep makes steps and returns the median of their times.
func (t *trainer) medianStep(ctx context.Context, steps int) (time.Duration, error) {
	in, err := t.epochInput(1, 0)
	if err != nil {
		return 0, err
	}
	defer in.free()
	var times []time.Duration
	for range steps {
		if err := ctx.Err(); err != nil {
			return 0, fmt.Errorf("train: measure: %w", err)
		}
		start := time.Now()
		if err := t.step.run(t.state, in); err != nil {
			return 0, err
		}
		if _, err := floats(t.state.meters); err != nil { // waits for the device
			return 0, err
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

// noise returns images of the same noise, of ten classes.
func noise(n, height, width int) *dataset.Images {
	images := &dataset.Images{
		Pixels: make([]uint8, n*height*width*3), Labels: make([]int32, n), Classes: make([]string, 10),
		Height: height, Width: width,
	}
	state := uint32(1)
	for i := range images.Pixels {
		state = state*1664525 + 1013904223
		images.Pixels[i] = uint8(state >> 24)
	}
	return images
}
