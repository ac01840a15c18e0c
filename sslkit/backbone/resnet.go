package backbone

import (
	"fmt"
	"strconv"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
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

var _ Splitter = ResNet{}

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
	kernel, stride := 3, 1
	if r.LargeStem {
		kernel, stride = 7, 2
	}
	x = r.conv(scope.In("conv1"), x, r.Width, kernel, stride)
	x = r.norm(scope.In("bn1"), x)
	if r.StemReLU {
		x = op.ReLU(x)
	}
	if r.LargeStem {
		x = nn.MaxPool(x, 3, 2)
	}
	for stage, blocks := range r.Blocks {
		layer := scope.In("layer" + strconv.Itoa(stage+1))
		for block := range blocks {
			stride := 1
			if block == 0 && stage > 0 {
				stride = 2
			}
			x = r.block(layer.In(strconv.Itoa(block)), x, r.Width<<stage, stride)
		}
	}
	h := nn.GlobalAveragePool(x) // [batch, features]
	if r.FinalConv {
		h = op.Widen(nn.Dense(scope.In("final_conv"), h, r.Features(), true))
	}
	return h
}

// block is two 3×3 convolutions beside a shortcut, which is a 1×1 convolution
// where the shape changes.
func (r ResNet) block(scope *nn.Scope, x *graph.Node, channels, stride int) *graph.Node {
	y := r.conv(scope.In("conv1"), x, channels, 3, stride)
	y = op.ReLU(r.norm(scope.In("bn1"), y))
	y = r.conv(scope.In("conv2"), y, channels, 3, 1)
	y = r.norm(scope.In("bn2"), y)
	if stride != 1 || x.Shape().Dimensions[3] != channels {
		x = r.conv(scope.In("shortcut/conv"), x, channels, 1, stride)
		x = r.norm(scope.In("shortcut/bn"), x)
	}
	return op.ReLU(graph.Add(x, y))
}

func (r ResNet) conv(scope *nn.Scope, x *graph.Node, channels, kernel, stride int) *graph.Node {
	if r.NormalInit {
		return nn.ConvInit(scope, x, channels, kernel, stride, nn.NormalFanOut(channels*kernel*kernel))
	}
	return nn.Conv(scope, x, channels, kernel, stride)
}

func (r ResNet) norm(scope *nn.Scope, x *graph.Node) *graph.Node {
	return nn.SplitBatchNorm(scope, x, r.Splits)
}
