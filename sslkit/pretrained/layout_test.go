package pretrained

import (
	"fmt"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
)

// The list of tensors has what the network declares, neither more nor less.
func TestLayoutIsTheNetworks(t *testing.T) {
	narrow := backbone.ResNet{Width: 4, Blocks: []int{1, 3, 2}, FinalConv: true, Splits: 1}
	for name, net := range map[string]backbone.ResNet{
		"ResNet18": backbone.ResNet18(), "ResNet18Large": backbone.ResNet18Large(), "Tiny": backbone.Tiny(), "narrow": narrow,
	} {
		t.Run(name, func(t *testing.T) {
			vars, err := nn.Declare(testkit.Open(t, device.Go).Backend, nn.Mode{Precision: device.F32}, func(s *nn.Scope) {
				method.Features(s, net, graph.Zeros(s.Graph(), shapes.Make(device.F32.ParamDType(), 1, 32, 32, 3)))
			})
			if err != nil {
				t.Fatal(err)
			}
			want, got := map[string]int{}, map[string]int{}
			for _, v := range append(vars.Params(), vars.Buffers()...) {
				want[inBackbone(v)] = v.Size()
			}
			for tensor := range layout(net) {
				got[tensor.path] = tensor.size()
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("sizes of tensors (-network +layout):\n%s", diff)
			}
		})
	}
}

// These names and shapes are those of torchvision.models.resnet18().state_dict().
func TestLayoutOfResNet18(t *testing.T) {
	dims := map[string]string{}
	for tensor := range layout(backbone.ResNet18Large()) {
		dims[tensor.name] = fmt.Sprint(tensor.dims)
	}
	for name, want := range map[string]string{
		"conv1.weight":                       "[64 3 7 7]",
		"bn1.running_mean":                   "[64]",
		"layer1.1.conv2.weight":              "[64 64 3 3]",
		"layer2.0.conv1.weight":              "[128 64 3 3]",
		"layer2.0.downsample.0.weight":       "[128 64 1 1]",
		"layer2.0.downsample.1.running_var":  "[128]",
		"layer4.0.downsample.1.bias":         "[512]",
		"layer4.1.bn2.weight":                "[512]",
		"layer1.0.downsample.0.weight":       "",
		"layer4.1.downsample.1.running_mean": "",
	} {
		if dims[name] != want {
			t.Errorf("%s has dimensions %q, want %q", name, dims[name], want)
		}
	}
	if len(dims) != 62-2+40 { // 62 parameters with fc's two, 20 batch norms with two statistics
		t.Errorf("%d tensors, want 100", len(dims))
	}
}

func TestKernelsTurnBothWays(t *testing.T) {
	torch := tensor{dims: []int{2, 3, 1, 2}, kernel: true} // [out, in, height, width]
	for i := range torch.size() {
		torch.values = append(torch.values, float32(i))
	}
	ours := torch.ours() // [height, width, in, out]
	for o := range 2 {
		for i := range 3 {
			for x := range 2 {
				if got, want := ours[(x*3+i)*2+o], float32((o*3+i)*2+x); got != want {
					t.Errorf("out %d, in %d, column %d is %g, want %g", o, i, x, got, want)
				}
			}
		}
	}
	back := tensor{dims: torch.dims, kernel: true}
	back.fill(widen(ours))
	if diff := cmp.Diff(torch.values, back.values); diff != "" {
		t.Errorf("there and back (-want +got):\n%s", diff)
	}
}
