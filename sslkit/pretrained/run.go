package pretrained

import (
	"fmt"
	"strings"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// Open reads the backbone of a run folder's last checkpoint. The run may have
// ended, been stopped, or be at work, and its method may be one that another
// program has registered. Where the last checkpoint is damaged, the
// one before it is taken, and a note says so.
//
// Running statistics of batch norms with splits become their mean, which is
// what evaluation takes. Weights become float32.
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

// Untrained returns the backbone with which training of a recipe begins.
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

// fromWeights takes the backbone out of a run's model.
func fromWeights(w *train.Weights) (*Model, error) {
	r, view := w.Recipe, w.Recipe.Views[0]
	net, ok := r.Backbone.(backbone.ResNet)
	if !ok {
		return nil, fmt.Errorf("the backbone is a %s, want a ResNet", backbone.Name(r.Backbone))
	}
	m := &Model{
		Network: Network{Backbone: net, Size: view.Size, Mean: view.Mean, Std: view.Std, Precision: r.Precision},
		Origin: Origin{
			Recipe: r.Name, Preset: string(r.Preset), Data: r.Data,
			Images: r.TrainImages, Epochs: w.Epoch, Steps: w.Step,
		},
	}
	m.Backbone.Splits = 1
	if m.Precision == device.F64 {
		m.Precision = device.F32
	}
	values := map[string][]float64{}
	for _, v := range w.Variables.Params() {
		if strings.HasPrefix(v.Path, scope) {
			values[nameOf(v.Path)] = w.Params[v.Offset : v.Offset+v.Size()]
		}
	}
	for _, v := range w.Variables.Buffers() {
		if strings.HasPrefix(v.Path, scope) {
			values[nameOf(v.Path)] = mean(w.Buffers[v.Offset:v.Offset+v.Size()], net.Splits)
		}
	}
	for t := range layout(m.Backbone) {
		if len(values[t.name]) != t.size() {
			return nil, fmt.Errorf("the model has %d numbers for %s, want %v", len(values[t.name]), t.name, t.dims)
		}
		t.fill(values[t.name])
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
