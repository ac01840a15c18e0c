package pretrained

import (
	"fmt"
	"strings"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// Open reads the backbone of a run folder's last checkpoint. The run may have
// ended, been stopped, or be at work. It is the backbone that the run is evaluated by,
// the target's for MSN. Its method may be one that only another program has registered;
// its backbone must be known here. Where the last checkpoint is damaged, the one before it
// is read, and a note says so.
//
// Of batch norms with splits the model has the mean of their running statistics, as
// evaluation uses it. Weights become float32.
func Open(run string) (*Model, error) {
	w, name, err := train.ReadBackbone(run)
	if err != nil {
		return nil, fmt.Errorf("pretrained: %w", err)
	}
	m, err := fromWeights(w)
	if err != nil {
		return nil, fmt.Errorf("pretrained: %s: %w", run, err)
	}
	m.Origin.Method = name
	if w.Problem != nil {
		m.Notes = append(m.Notes, fmt.Sprintf("%v: these are the weights of the checkpoint before it, of epoch %d", w.Problem, w.Epoch))
	}
	return m, nil
}

// Untrained returns the backbone as it is before training.
func Untrained(r recipe.Recipe) (*Model, error) {
	w, err := train.InitialWeights(r)
	if err != nil {
		return nil, fmt.Errorf("pretrained: %w", err)
	}
	m, err := fromWeights(w)
	if err != nil {
		return nil, fmt.Errorf("pretrained: %w", err)
	}
	m.Origin.Method = method.Name(r.Method)
	return m, nil
}

// fromWeights takes the backbone that is evaluated out of a run's model.
func fromWeights(w *train.Weights) (*Model, error) {
	r, view := w.Recipe, w.Recipe.EvalView()
	m := &Model{
		Network: Network{Backbone: r.Backbone, Size: view.Size, Mean: view.Mean, Std: view.Std, Precision: r.Precision},
		Origin: Origin{
			Recipe: r.Name, Preset: string(r.Preset), Data: r.Data,
			Images: r.TrainImages, Epochs: w.Epoch, Steps: w.Step,
		},
	}
	if split, ok := r.Backbone.(backbone.Splitter); ok {
		m.Backbone = split.Joined()
	}
	if m.Precision == device.F64 {
		m.Precision = device.F32
	}
	values := map[string][]float64{}
	take := func(v nn.Variable, flat []float64) {
		if path, ok := strings.CutPrefix(v.Path, w.Backbone+"/"); ok {
			values[path] = flat[v.Offset : v.Offset+v.Size()]
		}
	}
	for _, v := range w.Variables.Params() {
		take(v, w.Params)
	}
	for _, v := range w.Variables.Buffers() {
		take(v, w.Buffers)
	}
	wanted, err := m.Network.tensors()
	if err != nil {
		return nil, err
	}
	for t := range wanted {
		have := values[t.path]
		if parts := backbone.Parts(r.Backbone); t.statistic && len(have) == parts*t.size() {
			have = mean(have, parts)
		}
		if len(have) != t.size() {
			return nil, fmt.Errorf("the model has %d numbers for %s, want %v", len(have), t.name, t.dims)
		}
		t.fill(have)
		if !t.finite() {
			return nil, fmt.Errorf("%s has numbers that are not finite: the run has failed", t.name)
		}
		m.tensors = append(m.tensors, t)
	}
	return m, nil
}

// mean is the mean over the first axis, [splits, …].
func mean(values []float64, splits int) []float64 {
	sums := make([]float64, len(values)/splits)
	for i, v := range values {
		sums[i%len(sums)] += v / float64(splits)
	}
	return sums
}
