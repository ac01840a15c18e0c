package pretrained

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/nlpodyssey/safetensors"
)

// The networks of testdata, which testdata/reference.py writes.
var references = map[string]Network{
	"standard": referenceNetwork(backbone.ResNet{Width: 4, Blocks: []int{1, 1}, LargeStem: true, StemReLU: true, Splits: 1}),
	"cifar":    referenceNetwork(backbone.ResNet{Width: 4, Blocks: []int{1, 2}, Splits: 1}),
}

func referenceNetwork(net backbone.ResNet) Network {
	n, err := Torchvision("resnet18")
	if err != nil {
		panic(err)
	}
	n.Backbone, n.Size = net, 16
	return n
}

// change changes the fields of a network's ResNet.
func change(n *Network, change func(net *backbone.ResNet)) {
	net := n.Backbone.(backbone.ResNet)
	change(&net)
	n.Backbone = net
}

// reference reads a network of testdata as PyTorch wrote it.
func reference(t testing.TB, name string) *Model {
	t.Helper()
	m, err := ReadStateDict(filepath.Join("testdata", name+".safetensors"), references[name])
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// referenceFeatures are images and what PyTorch makes of them.
func referenceFeatures(t testing.TB, name string) (*dataset.Images, []float64) {
	t.Helper()
	file := openFile(t, filepath.Join("testdata", name+".features.safetensors"))
	view, ok := file.Tensor("images")
	if !ok {
		t.Fatal("no images")
	}
	shape := view.Shape()
	images := &dataset.Images{Pixels: view.Data(), Height: int(shape[1]), Width: int(shape[2]), Labels: make([]int32, shape[0])}
	return images, doubles(t, file, "features")
}

func openFile(t testing.TB, path string) safetensors.SafeTensors {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := safetensors.Deserialize(data)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// doubles reads a tensor of float64.
func doubles(t testing.TB, file safetensors.SafeTensors, name string) []float64 {
	t.Helper()
	view, ok := file.Tensor(name)
	if !ok || view.DType() != safetensors.F64 {
		t.Fatalf("no tensor %s of F64 among %v", name, file.Names())
	}
	values := make([]float64, len(view.Data())/8)
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(view.Data()[8*i:]))
	}
	return values
}

// pictures are images made by formula, of two classes.
func pictures(n, size int) *dataset.Images {
	images := &dataset.Images{Height: size, Width: size, Classes: []string{"even", "odd"}, Pixels: make([]uint8, n*size*size*3)}
	for i := range images.Pixels {
		images.Pixels[i] = uint8(256 * testkit.U(7, i))
	}
	for i := range n {
		images.Labels = append(images.Labels, int32(i%2))
	}
	return images
}

func embed(t testing.TB, m *Model, kind device.Kind, images *dataset.Images) []float64 {
	t.Helper()
	set, err := m.Embed(context.Background(), kind, images)
	if err != nil {
		t.Fatal(err)
	}
	return widen(set.Features)
}

func widen(values []float32) []float64 {
	wide := make([]float64, len(values))
	for i, v := range values {
		wide[i] = float64(v)
	}
	return wide
}

// wantError fails the test unless the error has each of the parts.
func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one about %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q, want one about %q", err, part)
		}
	}
}
