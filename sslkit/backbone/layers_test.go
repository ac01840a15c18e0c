package backbone

import (
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

// These are the modules of torchvision's ResNets in the order of their computation,
// and what each takes.
func TestLayersOfResNet(t *testing.T) {
	net := ResNet{Width: 2, Blocks: []int{1, 1}, LargeStem: true, StemReLU: true, FinalConv: true, Splits: 1}
	var got []string
	_, err := Follow(net.Layers(), "images", func(l Layer, in []string) string {
		got = append(got, l.Name+" of "+strings.Join(in, ", "))
		return l.Name
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `conv1 of images
bn1 of conv1
relu of bn1
maxpool of relu
layer1.0.conv1 of maxpool
layer1.0.bn1 of layer1.0.conv1
layer1.0.relu1 of layer1.0.bn1
layer1.0.conv2 of layer1.0.relu1
layer1.0.bn2 of layer1.0.conv2
layer1.0.add of maxpool, layer1.0.bn2
layer1.0.relu2 of layer1.0.add
layer2.0.conv1 of layer1.0.relu2
layer2.0.bn1 of layer2.0.conv1
layer2.0.relu1 of layer2.0.bn1
layer2.0.conv2 of layer2.0.relu1
layer2.0.bn2 of layer2.0.conv2
layer2.0.downsample.0 of layer1.0.relu2
layer2.0.downsample.1 of layer2.0.downsample.0
layer2.0.add of layer2.0.downsample.1, layer2.0.bn2
layer2.0.relu2 of layer2.0.add
avgpool of layer2.0.relu2
final_conv of avgpool`
	if diff := cmp.Diff(want, strings.Join(got, "\n")); diff != "" {
		t.Errorf("layers (-want +got):\n%s", diff)
	}
}

// Who wants the first layers of a network without end gets them.
func TestLayersEnd(t *testing.T) {
	endless, seen := ResNet{Width: 2, Blocks: []int{1_000_000_000_000}, Splits: 1}, 0
	for range endless.Layers() {
		if seen++; seen == 10 {
			break
		}
	}
	if seen != 10 {
		t.Errorf("%d layers, want 10", seen)
	}
}

// Lists that make no sense are errors of whoever builds a network from them.
func TestWrongLists(t *testing.T) {
	for want, layers := range map[string][]Layer{
		`layer sum takes the result of "before", and no layer`: {{Name: "sum", Kind: Add{}, From: []string{Input, "before"}}, {Name: "before", Kind: ReLU{}}},
		`two layers "relu"`:  {{Name: "relu", Kind: ReLU{}}, {Name: "relu", Kind: ReLU{}}},
		`two layers "input"`: {{Name: Input, Kind: ReLU{}}},
	} {
		_, err := nn.Declare(testkit.Open(t, device.Go).Backend, nn.Mode{Precision: device.F32}, func(scope *nn.Scope) {
			Build(scope, slices.Values(layers), graph.Zeros(scope.Graph(), shapes.Make(dtypes.Float32, 1, 2)))
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
