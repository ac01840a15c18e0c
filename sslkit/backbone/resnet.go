// Package backbone holds the networks whose features self-supervised methods
// train: what is kept when a projection head is thrown away.
package backbone

import (
	"fmt"
	"strconv"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// A ResNet is a residual network of basic blocks for small images: a 3×3 stem
// without max pooling, then stages that halve the image and double the channels.
//
// He et al., Deep Residual Learning for Image Recognition, 2015,
// arXiv:1512.03385.
type ResNet struct {
	Width    int   `json:"width"`     // channels of the stem and of the first stage
	Blocks   []int `json:"blocks"`    // basic blocks of each stage
	StemReLU bool  `json:"stem_relu"` // ReLU after the stem's batch norm
}

var _ nn.Net = ResNet{}

// ResNet18 is ResNet-18 in the form of the published CIFAR-10 benchmarks. Its
// stem has no ReLU: their script takes the layers out of a network that applies
// it elsewhere.
func ResNet18() ResNet {
	return ResNet{Width: 64, Blocks: []int{2, 2, 2, 2}, StemReLU: false}
}

// Tiny is a network of seven convolutions that learns within a minute on a CPU.
func Tiny() ResNet {
	return ResNet{Width: 16, Blocks: []int{1, 1, 1}, StemReLU: true}
}

// Features is the number of features of an image.
func (r ResNet) Features() int {
	return r.Width << (len(r.Blocks) - 1)
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
	return nil
}

// Forward returns the features after the average pool.
//
//	x       [batch, height, width, 3], normalised
//	result  [batch, Features()], at least float32
func (r ResNet) Forward(scope *nn.Scope, x *graph.Node) *graph.Node {
	x = nn.Conv(scope.In("conv1"), x, r.Width, 3, 1)
	x = nn.BatchNorm(scope.In("bn1"), x, true)
	if r.StemReLU {
		x = op.ReLU(x)
	}
	for stage, blocks := range r.Blocks {
		layer := scope.In("layer" + strconv.Itoa(stage+1))
		for block := range blocks {
			stride := 1
			if block == 0 && stage > 0 {
				stride = 2
			}
			x = basicBlock(layer.In(strconv.Itoa(block)), x, r.Width<<stage, stride)
		}
	}
	return nn.GlobalAveragePool(x)
}

// basicBlock is two 3×3 convolutions beside a shortcut, which is a 1×1
// convolution where the shape changes.
func basicBlock(scope *nn.Scope, x *graph.Node, channels, stride int) *graph.Node {
	y := nn.Conv(scope.In("conv1"), x, channels, 3, stride)
	y = op.ReLU(nn.BatchNorm(scope.In("bn1"), y, true))
	y = nn.Conv(scope.In("conv2"), y, channels, 3, 1)
	y = nn.BatchNorm(scope.In("bn2"), y, true)
	if stride != 1 || x.Shape().Dimensions[3] != channels {
		x = nn.Conv(scope.In("shortcut/conv"), x, channels, 1, stride)
		x = nn.BatchNorm(scope.In("shortcut/bn"), x, true)
	}
	return op.ReLU(graph.Add(x, y))
}
