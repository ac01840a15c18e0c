package backbone

import (
	"fmt"
	"iter"
	"strings"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/nn"
)

// A ResNet is a residual network of basic blocks: a stem, then stages that
// halve the image and double the channels, then the mean over the image.
//
// He et al., Deep Residual Learning for Image Recognition, 2015,
// arXiv:1512.03385.
type ResNet struct {
	Width     int   `json:"width"`      // channels of the stem and of the first stage
	Blocks    []int `json:"blocks"`     // basic blocks of each stage
	LargeStem bool  `json:"large_stem"` // a 7×7 stem of stride 2 and a 3×3 max pool of stride 2, instead of a 3×3 stem
	StemReLU  bool  `json:"stem_relu"`  // ReLU after the stem's batch norm

	// NormalInit draws convolutions as torchvision's ResNets do, from
	// [nn.NormalFanOut], and not as PyTorch's layers do by default.
	NormalInit bool `json:"normal_init"`

	// FinalConv is a 1×1 convolution with bias behind the mean, as wide as the features,
	// which are then its output. The ImageNette benchmark of 2021 had it.
	FinalConv bool `json:"final_conv"`

	// Splits is the number of parts of the batch with statistics of their own in
	// every batch norm, see [nn.SplitBatchNorm]; 1 is plain batch norm.
	Splits int `json:"splits"`
}

var (
	_ Listed    = ResNet{}
	_ Splitter  = ResNet{}
	_ Mapped    = ResNet{}
	_ Describer = ResNet{}
)

// ResNet18 is ResNet-18 in the form of the published CIFAR-10 benchmarks. Its
// stem has no ReLU: their script takes the layers out of a network that applies
// it elsewhere.
func ResNet18() ResNet {
	return ResNet{Width: 64, Blocks: []int{2, 2, 2, 2}, Splits: 1}
}

// ResNet18Large is ResNet-18 for larger images, as torchvision has it.
func ResNet18Large() ResNet {
	return ResNet{Width: 64, Blocks: []int{2, 2, 2, 2}, LargeStem: true, StemReLU: true, NormalInit: true, Splits: 1}
}

// Tiny is a network of seven convolutions that learns within a minute on a CPU.
func Tiny() ResNet {
	return ResNet{Width: 16, Blocks: []int{1, 1, 1}, StemReLU: true, Splits: 1}
}

// Features is the number of features of an image.
func (r ResNet) Features() int {
	return r.Width << (len(r.Blocks) - 1)
}

// Sized returns the network with another width and other blocks, or, if none are
// given, with its own.
func (r ResNet) Sized(width int, blocks ...int) ResNet {
	if r.Width = width; len(blocks) > 0 {
		r.Blocks = blocks
	}
	return r
}

// Shrunk returns a ResNet of three narrow stages, with the same stem and the same end.
func (r ResNet) Shrunk() Backbone { return r.Sized(8, 1, 1, 1) }

// Parts is Splits.
func (r ResNet) Parts() int { return r.Splits }

// Joined returns the network with plain batch norm.
func (r ResNet) Joined() Backbone {
	r.Splits = 1
	return r
}

// Validate reports the first field that makes no sense.
func (r ResNet) Validate() error {
	if r.Width < 1 {
		return fmt.Errorf("backbone: ResNet: width %d, want at least 1", r.Width)
	}
	if len(r.Blocks) == 0 {
		return fmt.Errorf("backbone: ResNet: blocks are empty, want the number of blocks of each stage")
	}
	for stage, blocks := range r.Blocks {
		if blocks < 1 {
			return fmt.Errorf("backbone: ResNet: blocks[%d] is %d, want at least 1", stage, blocks)
		}
	}
	if r.Splits < 1 {
		return fmt.Errorf("backbone: ResNet: splits %d, want at least 1: 1 is plain batch norm", r.Splits)
	}
	return nil
}

// Forward returns the features after the average pool.
//
//	x       [batch, height, width, 3], normalised
//	result  [batch, Features()], at least float32
func (r ResNet) Forward(scope *nn.Scope, x *graph.Node) *graph.Node {
	return Build(scope, r.Layers(), x)
}

// Map returns the last stage's result.
//
//	x       [batch, height, width, 3], normalised
//	result  [batch, rows, columns, Features()], in the mode's precision
func (r ResNet) Map(scope *nn.Scope, x *graph.Node) *graph.Node {
	return Build(scope, listing(r.body), x)
}

// Pool returns the mean over the map, or what FinalConv makes of it.
//
//	m       [batch, rows, columns, Features()]
//	result  [batch, Features()], at least float32
func (r ResNet) Pool(scope *nn.Scope, m *graph.Node) *graph.Node {
	return Build(scope, listing(r.end), m)
}

// Layers lists the network as torchvision has it. What torchvision has no name for
// is final_conv.
func (r ResNet) Layers() iter.Seq[Layer] {
	return listing(func(l *list) {
		r.body(l)
		r.end(l)
	})
}

func (r ResNet) body(l *list) {
	r.stem(l)
	in := r.Width
	for stage, blocks := range r.Blocks {
		out, stride := r.Width<<stage, 1
		if stage > 0 {
			stride = 2
		}
		for i := range blocks {
			if l.stopped {
				return
			}
			r.block(l, fmt.Sprintf("layer%d.%d.", stage+1, i), in, out, stride)
			in, stride = out, 1
		}
	}
}

func (r ResNet) end(l *list) {
	l.add("avgpool", AveragePool{})
	if r.FinalConv {
		l.add("final_conv", PointConv{r.Features(), r.Features()})
	}
}

func (r ResNet) stem(l *list) {
	size, stride := 3, 1
	if r.LargeStem {
		size, stride = 7, 2
	}
	l.add("conv1", r.conv(3, r.Width, size, stride))
	l.add("bn1", r.norm(r.Width))
	if r.StemReLU {
		l.add("relu", ReLU{})
	}
	if r.LargeStem {
		l.add("maxpool", MaxPool{Size: 3, Stride: 2})
	}
}

// block is two 3×3 convolutions beside a shortcut, which is a 1×1 convolution
// where the shape changes.
func (r ResNet) block(l *list, name string, in, out, stride int) {
	shortcut := l.last
	l.add(name+"conv1", r.conv(in, out, 3, stride))
	l.add(name+"bn1", r.norm(out))
	l.add(name+"relu1", ReLU{})
	l.add(name+"conv2", r.conv(out, out, 3, 1))
	l.add(name+"bn2", r.norm(out))
	if stride != 1 || in != out {
		path := strings.ReplaceAll(name, ".", "/") + "shortcut/"
		l.addAt(path+"conv", name+"downsample.0", r.conv(in, out, 1, stride), shortcut)
		l.addAt(path+"bn", name+"downsample.1", r.norm(out))
		shortcut = name + "downsample.1"
	}
	l.add(name+"add", Add{}, shortcut, name+"bn2")
	l.add(name+"relu2", ReLU{})
}

func (r ResNet) conv(in, out, size, stride int) Conv {
	return Conv{in, out, size, stride, r.NormalInit}
}

func (r ResNet) norm(channels int) BatchNorm { return BatchNorm{channels, r.Splits} }

// Describe implements [Describer].
func (r ResNet) Describe() string {
	convolutions := 2
	for _, count := range r.Blocks {
		convolutions += 2 * count
	}
	parts := []string{fmt.Sprintf("ResNet-%d of width %d, blocks %d", convolutions, r.Width, r.Blocks)}
	if r.LargeStem {
		parts = append(parts, "7×7 stem with max pool")
	} else {
		parts = append(parts, "3×3 stem")
	}
	if !r.StemReLU {
		parts = append(parts, "no ReLU behind it")
	}
	if r.FinalConv {
		parts = append(parts, "a 1×1 convolution at the end")
	}
	return strings.Join(parts, ", ")
}
