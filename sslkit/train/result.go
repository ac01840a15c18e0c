package train

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
)

// A Phase is what a run is doing.
type Phase string

// The phases of a run, in their order; the middle three repeat every epoch.
const (
	Preparing  Phase = "preparing"
	Training   Phase = "training"
	Evaluating Phase = "evaluating"
	EpochDone  Phase = "epoch"
	Finished   Phase = "finished"

	Notice Phase = "notice" // at any time: Note is something to be seen and kept
)

// An Event tells how a run gets on. The run waits while it is reported.
type Event struct {
	Phase         Phase
	Note          string  // Preparing: what is being done; Notice: what happened
	Epoch, Epochs int     // epoch in work, counted from 1; 0 is the untrained network
	Step, Steps   int     // Training: steps done in this epoch, of how many
	Result        *Result // the run so far, to be read only during the call
}

// An Epoch is what was measured in one epoch: a line of epochs.jsonl.
type Epoch struct {
	Epoch           int     `json:"epoch"`        // counted from 1; 0 is the untrained network
	Loss            float64 `json:"loss"`         // mean over the steps; like all of training, 0 in epoch 0
	KNN             float64 `json:"knn_accuracy"` // 0 if the recipe's Eval is
	LearningRate    float64 `json:"learning_rate"`
	ImagesPerSecond float64 `json:"images_per_second"` // of the data set, not views; training only
	TrainSeconds    float64 `json:"train_seconds"`
	PauseSeconds    float64 `json:"pause_seconds,omitempty"` // of these: what the method computed on the host between steps, see [method.Pauser]
	KNNSeconds      float64 `json:"knn_seconds"`             // embedding both splits, and the search
	MemoryPeak      int64   `json:"memory_peak_bytes"`

	// Health: means over the steps.
	GradientNorm    float64  `json:"gradient_norm"`             // of the parameters that are not frozen, before clipping
	EmbeddingSpread float64  `json:"embedding_spread"`          // standard deviation of the normalised embeddings, times √dimensions: near 1 is healthy, 0 is collapse
	CollapseMargin  *float64 `json:"collapse_margin,omitempty"` // loss of a collapsed network minus the loss; nil of methods that do not know it, see [method.Collapser]
	Warning         string   `json:"warning,omitempty"`

	// Meters are the means of the method's own, see [method.Output]. One that was not
	// a finite number in some step is missing, and Warning says so.
	Meters map[string]float64 `json:"meters,omitempty"`
}

// A Result is a run so far.
type Result struct {
	Recipe         recipe.Recipe `json:"recipe"`
	Device         string        `json:"device"`
	Epochs         []Epoch       `json:"epochs"` // the untrained network first
	CompileSeconds float64       `json:"compile_seconds"`
	Memory         device.Memory `json:"memory"`
	Linear         float64       `json:"linear_accuracy,omitempty"` // of the recipe's linear probe on the last epoch's features

	// Measured is what the recipe's Measures ask for, of the network after the last epoch;
	// nil before.
	Measured *eval.Measured `json:"measured,omitempty"`
}

// Untrained is the kNN accuracy before training.
func (r *Result) Untrained() float64 {
	if len(r.Epochs) == 0 {
		return 0
	}
	return r.Epochs[0].KNN
}

// Best is the trained epoch with the highest kNN accuracy, the first of equals.
// The untrained network does not count; without a trained epoch, or where the
// recipe wants no accuracy, it is zero.
func (r *Result) Best() Epoch {
	var best Epoch
	if !r.Recipe.Eval.On() {
		return best
	}
	for _, e := range r.Epochs {
		if e.Epoch > 0 && (best.Epoch == 0 || e.KNN > best.KNN) {
			best = e
		}
	}
	return best
}

// Last is the epoch measured last, or zero.
func (r *Result) Last() Epoch {
	if len(r.Epochs) == 0 {
		return Epoch{}
	}
	return r.Epochs[len(r.Epochs)-1]
}

// SecondsTo is the time, as [Result.Seconds] counts it, until the end of the first
// trained epoch with that kNN accuracy or a higher one; false if there is none.
func (r *Result) SecondsTo(accuracy float64) (seconds float64, reached bool) {
	if !r.Recipe.Eval.On() {
		return 0, false
	}
	seconds = r.CompileSeconds
	for _, e := range r.Epochs {
		seconds += e.TrainSeconds + e.KNNSeconds
		if e.Epoch > 0 && e.KNN >= accuracy {
			return seconds, true
		}
	}
	return 0, false
}

// Seconds is the time for compiling, training and kNN together.
func (r *Result) Seconds() float64 {
	sum := r.CompileSeconds
	for _, e := range r.Epochs {
		sum += e.TrainSeconds + e.KNNSeconds
	}
	return sum
}

// Below this spread of the embeddings a run has collapsed. Healthy runs keep
// most of 1, collapsed ones fall below a hundredth within an epoch.
const collapsedSpread = 0.1

// A loss this near to its collapsed value, as a part of it, stands still.
const stuckMargin = 0.005

// warning says in one line what is wrong with an epoch, or "". The last are meters
// that were not finite numbers.
func warning(r recipe.Recipe, e Epoch, bad []string) string {
	failure := watched(r, e)
	switch {
	case e.EmbeddingSpread < collapsedSpread && r.Method.Views().Count() > 1: // with one view the loss compares no embeddings
		return fmt.Sprintf("collapsed: all images have nearly the same embedding (spread %.3f, healthy is about 1): "+
			"likely the learning rate is too high, or a predictor, a stop of the gradient or batch norm is missing", e.EmbeddingSpread)
	case failure != "":
		return failure
	case stuck(r, e):
		return fmt.Sprintf("stuck: the loss %.3f is that of a network that cannot tell images apart: "+
			"likely embeddings or queue are not normalised, or the learning rate is too high", e.Loss)
	case e.Epoch > 0 && e.GradientNorm == 0:
		return "the gradient is zero: the loss does not depend on anything that is trained"
	case len(bad) > 0:
		return fmt.Sprintf("meters that were not a finite number in some step are left out: %s", strings.Join(bad, ", "))
	}
	return ""
}

// watched says which meter of the method tells that training has failed, or "".
func watched(r recipe.Recipe, e Epoch) string {
	m, ok := r.Method.(method.Watcher)
	if !ok {
		return ""
	}
	for _, w := range m.Watched() {
		value, ok := e.Meters[w.Meter]
		switch {
		case ok && value < w.Least:
			return fmt.Sprintf("collapsed: %s (%s %.3g, healthy is at least %.3g)", w.Failure, w.Meter, value, w.Least)
		case ok && w.Most > 0 && value > w.Most:
			return fmt.Sprintf("collapsed: %s (%s %.3g, healthy is at most %.3g)", w.Failure, w.Meter, value, w.Most)
		}
	}
	return ""
}

// stuck says whether the loss is where training that has failed stands still. Of
// losses that come near that value as they learn, it does not tell.
// The first of several epochs has the beginning in it, and is not judged.
func stuck(r recipe.Recipe, e Epoch) bool {
	if e.Epoch == 1 && r.Epochs > 1 {
		return false
	}
	c := collapse(r)
	return c != nil && c.Start && math.Abs(*e.CollapseMargin) < stuckMargin*math.Abs(c.Loss)
}

// collapse is what the loss is of a network that has collapsed; nil of a method
// that does not know.
func collapse(r recipe.Recipe) *method.Collapse {
	m, ok := r.Method.(method.Collapser)
	if !ok {
		return nil
	}
	c := m.Collapsed(r.Batch)
	return &c
}

// Speed is how fast a device runs a recipe.
type Speed struct {
	Compile time.Duration // once a run
	Step    time.Duration // a training step, the median of several
	Embed   time.Duration // one image, for kNN accuracy
	Pause   time.Duration // one pause of the method, 0 if it makes none, see [method.Pauser]
}

// Run estimates the time of a whole run; the search for neighbours, and the fits of linear
// probes to features, are not in it.
func (s Speed) Run(r recipe.Recipe) time.Duration {
	var knn, drawn time.Duration
	if r.Eval.On() {
		knn = time.Duration(r.TrainImages+r.TestImages) * s.Embed
	}
	for _, probe := range []eval.Linear{r.Linear, r.Measures.Linear} {
		if probe.Drawn() {
			drawn += time.Duration(probe.Epochs*r.TrainImages) * s.Embed
		}
	}
	return s.Compile + time.Duration(r.Epochs)*(time.Duration(r.Steps())*s.Step+knn) + knn + drawn + time.Duration(pauses(r))*s.Pause
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
	whole := r
	r.TrainImages, r.TestImages = max(r.Batch*steps, d.EmbedBatch()), 1
	r.Eval, r.Measures = eval.KNN{K: 1, Temperature: 1}, eval.Measures{}
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
	if first := nextPause(whole, 0); first < whole.Epochs*whole.Steps() {
		if err := t.pause(ctx, first); err != nil {
			return Speed{}, fmt.Errorf("train: measure: %w", err)
		}
		speed.Pause = time.Duration(t.paused * float64(time.Second))
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
