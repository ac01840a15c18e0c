package pretrained

import (
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/gossl/gossl/sslkit/backbone"
)

// A tensor is a variable of a backbone as torchvision has it: kernels are
// [out, in, height, width].
type tensor struct {
	name   string
	dims   []int
	values []float32
}

// The last parts of names.
const (
	weight      = ".weight"
	bias        = ".bias"
	runningMean = ".running_mean"
	runningVar  = ".running_var"
	batches     = ".num_batches_tracked" // torchvision's only: a count that matters to no batch norm with a momentum
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

// statistic says whether the tensor is a running statistic and not trained.
func (t tensor) statistic() bool {
	return strings.HasSuffix(t.name, runningMean) || strings.HasSuffix(t.name, runningVar)
}

// finite says whether all values are numbers.
func (t tensor) finite() bool {
	return !slices.ContainsFunc(t.values, func(v float32) bool {
		return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0)
	})
}

// layout lists the tensors of a network with one split, without values, in
// torchvision's order. What torchvision has no name for is final_conv.
func layout(r backbone.ResNet) iter.Seq[tensor] {
	stem := 3
	if r.LargeStem {
		stem = 7
	}
	return func(yield func(tensor) bool) {
		// Each adds to the list, and is false once nobody wants more.
		conv := func(name string, in, out, kernel int) bool {
			return yield(tensor{name: name + weight, dims: []int{out, in, kernel, kernel}})
		}
		vectors := func(name string, channels int, kinds ...string) bool {
			for _, kind := range kinds {
				if !yield(tensor{name: name + kind, dims: []int{channels}}) {
					return false
				}
			}
			return true
		}
		norm := func(name string, channels int) bool {
			return vectors(name, channels, weight, bias, runningMean, runningVar)
		}

		if !conv("conv1", 3, r.Width, stem) || !norm("bn1", r.Width) {
			return
		}
		for b := range blocks(r) {
			if !conv(b.name+"conv1", b.in, b.out, 3) || !norm(b.name+"bn1", b.out) ||
				!conv(b.name+"conv2", b.out, b.out, 3) || !norm(b.name+"bn2", b.out) {
				return
			}
			if b.downsamples() && (!conv(b.name+"downsample.0", b.in, b.out, 1) || !norm(b.name+"downsample.1", b.out)) {
				return
			}
		}
		if r.FinalConv && conv("final_conv", r.Features(), r.Features(), 1) {
			vectors("final_conv", r.Features(), bias)
		}
	}
}

// A block is a residual block of a network.
type block struct {
	name            string // "layer1.0."
	in, out, stride int
}

// downsamples says whether the block's shortcut has a convolution.
func (b block) downsamples() bool { return b.stride != 1 || b.in != b.out }

func blocks(r backbone.ResNet) iter.Seq[block] {
	return func(yield func(block) bool) {
		in := r.Width
		for stage, count := range r.Blocks {
			out, stride := r.Width<<stage, 1
			if stage > 0 {
				stride = 2
			}
			for i := range count {
				if !yield(block{fmt.Sprintf("layer%d.%d.", stage+1, i), in, out, stride}) {
					return
				}
				in, stride = out, 1
			}
		}
	}
}

// scope is where a run's model has its backbone.
const scope = "online/backbone/"

var toName = strings.NewReplacer("shortcut/conv/", "downsample.0.", "shortcut/bn/", "downsample.1.", "/", ".")

// nameOf is the tensor's name that belongs to a variable's path.
func nameOf(path string) string { return toName.Replace(strings.TrimPrefix(path, scope)) }

// ours returns the values as our layers have them: kernels as [height, width,
// in, out], those of final_conv as [in, out].
func (t tensor) ours() []float32 {
	if len(t.dims) != 4 {
		return t.values
	}
	values := make([]float32, len(t.values))
	t.transpose(func(torch, our int) { values[our] = t.values[torch] })
	return values
}

// fill gives the tensor the values that our layers have.
func (t *tensor) fill(ours []float64) {
	t.values = make([]float32, t.size())
	if len(t.dims) != 4 {
		for i := range t.values {
			t.values[i] = float32(ours[i])
		}
		return
	}
	t.transpose(func(torch, our int) { t.values[torch] = float32(ours[our]) })
}

// transpose calls move for each place of a kernel, as counted by torchvision and by us.
func (t tensor) transpose(move func(torch, our int)) {
	out, in, area := t.dims[0], t.dims[1], t.dims[2]*t.dims[3]
	for o := range out {
		for i := range in {
			for a := range area {
				move((o*in+i)*area+a, (a*in+i)*out+o)
			}
		}
	}
}
