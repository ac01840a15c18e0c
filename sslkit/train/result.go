package train

import (
	"github.com/gossl/gossl/sslkit/device"
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
	KNNSeconds      float64 `json:"knn_seconds"` // embedding both splits, and the search
	MemoryPeak      int64   `json:"memory_peak_bytes"`

	// Health: means over the steps.
	GradientNorm    float64  `json:"gradient_norm"`
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

// Seconds is the time for compiling, training and kNN together.
func (r *Result) Seconds() float64 {
	sum := r.CompileSeconds
	for _, e := range r.Epochs {
		sum += e.TrainSeconds + e.KNNSeconds
	}
	return sum
}
