package backbone

import (
	"cmp"
	"fmt"
	"iter"
	"strings"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/nn"
)

// A Listed backbone is a list of layers. Whatever is to be known of the network is
// read from that list: [Build] makes its Forward, and package pretrained the names
// and shapes that PyTorch has for its weights, and its ONNX form. So a layer is
// written down once.
type Listed interface {
	Backbone
	Layers() iter.Seq[Layer] // in the order in which they are computed
}

// A Layer is a step of a network.
type Layer struct {
	Name string   // as PyTorch has it, "layer1.0.conv1"; no two layers have the same
	Path string   // where its variables are in the network's scope, "layer1/0/conv1"
	From []string // names of the layers whose results it takes, or [Input]; none: the layer before
	Kind
}

// Input is the name of what goes into a network, for a layer's From.
const Input = "input"

// A Kind is what a layer does. Those of this package have an ONNX form; a kind of
// your own trains, and its weights have PyTorch's names.
type Kind interface {
	// Forward builds the layer, with its variables in scope, on the results that
	// it takes.
	Forward(scope *nn.Scope, in ...*graph.Node) *graph.Node

	// Weights lists the layer's variables in PyTorch's order.
	Weights() []Weight
}

// A Weight is a variable of a layer.
type Weight struct {
	// Name is the variable's in the layer: "weight", or "out_proj.weight" for one in
	// the folder out_proj of the layer's scope. "" is a variable weight that PyTorch
	// calls as it calls the layer, such as class_token.
	Name string

	Dims []int // in PyTorch

	// Kernel says that PyTorch has [out, in, …] where the scope has […, in, out].
	// Other weights are the same in both.
	Kernel bool

	Statistic bool // a buffer, which is not trained
}

// NameOf is what PyTorch calls a weight of the layer: "layer1.0.conv1.weight".
func (l Layer) NameOf(w Weight) string {
	if w.Name == "" {
		return l.Name
	}
	return l.Name + "." + w.Name
}

// PathOf is where a weight of the layer is in the network's scope:
// "layer1/0/conv1/weight".
func (l Layer) PathOf(w Weight) string {
	return l.Path + "/" + strings.ReplaceAll(cmp.Or(w.Name, "weight"), ".", "/")
}

// Follow goes through a list of layers, and calls step with each and with what step
// returned for the layers whose results it takes; input stands for what goes into
// the network. It returns what step returned for the last layer.
func Follow[T any](layers iter.Seq[Layer], input T, step func(l Layer, in []T) T) (T, error) {
	results, last := map[string]T{Input: input}, Input
	for l := range layers {
		from := l.From
		if len(from) == 0 {
			from = []string{last}
		}
		in := make([]T, len(from))
		for i, name := range from {
			result, ok := results[name]
			if !ok {
				return input, fmt.Errorf("backbone: layer %s takes the result of %q, and no layer before it is called so", l.Name, name)
			}
			in[i] = result
		}
		if _, taken := results[l.Name]; taken {
			return input, fmt.Errorf("backbone: there are two layers %q, want a name of its own for each", l.Name)
		}
		results[l.Name], last = step(l, in), l.Name
	}
	return results[last], nil
}

// list yields layers one by one, until nobody wants more.
type list struct {
	yield   func(Layer) bool
	stopped bool
	last    string // name of the last one
}

// listing is the list that write yields.
func listing(write func(*list)) iter.Seq[Layer] {
	return func(yield func(Layer) bool) { write(&list{yield: yield, last: Input}) }
}

// add yields a layer whose path is its name with slashes.
func (l *list) add(name string, kind Kind, from ...string) {
	l.addAt(strings.ReplaceAll(name, ".", "/"), name, kind, from...)
}

func (l *list) addAt(path, name string, kind Kind, from ...string) {
	if !l.stopped {
		l.last, l.stopped = name, !l.yield(Layer{name, path, from, kind})
	}
}
