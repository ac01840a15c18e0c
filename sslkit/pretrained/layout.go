package pretrained

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
)

// A tensor is a variable of a backbone as PyTorch has it, see [backbone.Weight].
type tensor struct {
	name      string // in PyTorch
	path      string // in the backbone's scope
	dims      []int  // in PyTorch
	kernel    bool   // [out, in, …] here, and […, in, out] in our layers
	statistic bool   // a running statistic, which is not trained
	values    []float32
}

// The last parts of names.
const (
	weight     = ".weight"
	runningVar = ".running_var"
	batches    = ".num_batches_tracked" // only torchvision has it: a count, unused by batch norms with a momentum
)

func (t tensor) size() int {
	size := 1
	for _, d := range t.dims {
		size *= d
	}
	return size
}

// like says whether two tensors have the same name and dimensions.
func (t tensor) like(other tensor) bool {
	return t.name == other.name && slices.Equal(t.dims, other.dims)
}

// finite says whether all values are numbers.
func (t tensor) finite() bool {
	return !slices.ContainsFunc(t.values, func(v float32) bool {
		return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0)
	})
}

// layout lists the tensors, without values, of a network that is a list of layers, in
// PyTorch's order.
func layout(b backbone.Listed) iter.Seq[tensor] {
	return func(yield func(tensor) bool) {
		for l := range b.Layers() {
			for _, w := range l.Weights() {
				t := tensor{name: l.NameOf(w), path: l.PathOf(w), dims: w.Dims, kernel: w.Kernel, statistic: w.Statistic}
				if !yield(t) {
					return
				}
			}
		}
	}
}

// listed returns the backbone as the list of layers from which names of PyTorch's
// and ONNX are made.
func (n Network) listed() (backbone.Listed, error) {
	b, ok := n.Backbone.(backbone.Listed)
	if !ok {
		return nil, fmt.Errorf("a %s has no method Layers, which would list its layers: see backbone.Listed", backbone.Name(n.Backbone))
	}
	return b, nil
}

// tensors lists the tensors of any network, without values. Those of a network that
// is no list of layers have the names and the dimensions of its variables.
func (n Network) tensors() (iter.Seq[tensor], error) {
	if b, ok := n.Backbone.(backbone.Listed); ok {
		return layout(b), nil
	}
	d, err := device.Open(device.Go)
	if err != nil {
		return nil, err
	}
	vars, err := n.declare(d)
	if err != nil {
		return nil, err
	}
	var list []tensor
	for i, v := range slices.Concat(vars.Params(), vars.Buffers()) {
		path := inBackbone(v)
		list = append(list, tensor{name: path, path: path, dims: v.Dims, statistic: i >= len(vars.Params())})
	}
	return slices.Values(list), nil
}

// declare returns the variables of the backbone, where a run's model has them.
func (n Network) declare(d *device.Device) (*nn.Variables, error) {
	return nn.Declare(d.Backend, nn.Mode{Precision: n.Precision}, func(scope *nn.Scope) {
		x := graph.Zeros(scope.Graph(), shapes.Make(n.Precision.ParamDType(), 1, n.Size, n.Size, 3))
		method.Features(scope, n.Backbone, x)
	})
}

// inBackbone is a variable's path in the scope of a run's backbone, or "" if the
// variable is of something else.
func inBackbone(v nn.Variable) string {
	path, ok := strings.CutPrefix(v.Path, method.BackbonePath+"/")
	if !ok {
		return ""
	}
	return path
}

// ours returns the values as our layers have them.
func (t tensor) ours() []float32 {
	if !t.kernel {
		return t.values
	}
	values := make([]float32, len(t.values))
	t.transpose(func(torch, our int) { values[our] = t.values[torch] })
	return values
}

// fill sets the values from those of our layers.
func (t *tensor) fill(ours []float64) {
	t.values = make([]float32, t.size())
	if !t.kernel {
		for i := range t.values {
			t.values[i] = float32(ours[i])
		}
		return
	}
	t.transpose(func(torch, our int) { t.values[torch] = float32(ours[our]) })
}

// transpose calls move for each place of a kernel, as counted by PyTorch and by us.
func (t tensor) transpose(move func(torch, our int)) {
	out, in := t.dims[0], t.dims[1]
	area := t.size() / out / in // of a convolution's window; 1 for dense layers
	for o := range out {
		for i := range in {
			for a := range area {
				move((o*in+i)*area+a, (a*in+i)*out+o)
			}
		}
	}
}
