package pretrained

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/onnx"
	"google.golang.org/protobuf/proto"
)

// ONNX files, read again and computed by loops, give PyTorch's features.
func TestONNX(t *testing.T) {
	for name := range references {
		t.Run(name, func(t *testing.T) {
			m := reference(t, name)
			model := written(t, m)
			images, want := referenceFeatures(t, name)
			testkit.NearNorm(t, "features", interpret(t, model, images), want, 1e-5)

			about, err := m.describe()
			if err != nil {
				t.Fatal(err)
			}
			if p := model.MetadataProps; len(p) != 1 || p[0].GetKey() != "sslkit" || p[0].GetValue() != about {
				t.Errorf("metadata are %v, want %s", p, about)
			}
		})
	}
}

// The network takes images of other sizes than the run's, too.
func TestONNXOfOtherSizes(t *testing.T) {
	for name := range references {
		m := reference(t, name)
		model := written(t, m)
		images := pictures(2, 27)
		m.Size = 27
		testkit.NearNorm(t, name, interpret(t, model, images), embed(t, m, testkit.Any(t).Kind, images), 1e-5)
	}
}

// The convolution behind the pool is a dense layer for us.
func TestONNXWithFinalConv(t *testing.T) {
	m := withFinalConv(t)
	images := pictures(3, 16)
	testkit.NearNorm(t, "features", interpret(t, written(t, m), images), embed(t, m, testkit.Any(t).Kind, images), 1e-5)
}

// withFinalConv is a reference network with that layer.
func withFinalConv(t *testing.T) *Model {
	t.Helper()
	m := reference(t, "cifar")
	change(&m.Network, func(net *backbone.ResNet) { net.FinalConv = true })
	kernel := tensor{name: "final_conv.weight", path: "final_conv/weight", dims: []int{8, 8, 1, 1}, kernel: true}
	shift := tensor{name: "final_conv.bias", path: "final_conv/bias", dims: []int{8}}
	for i := range 64 {
		kernel.values = append(kernel.values, float32(testkit.U(1, i)))
	}
	for i := range 8 {
		shift.values = append(shift.values, float32(testkit.U(2, i)))
	}
	m.tensors = append(m.tensors, kernel, shift)
	return m
}

// written writes a model and reads the file.
func written(t *testing.T, m *Model) *onnx.ModelProto {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.onnx")
	if err := m.WriteONNX(path); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	model := &onnx.ModelProto{}
	if err := proto.Unmarshal(data, model); err != nil {
		t.Fatal(err)
	}
	if v := model.OpsetImport; len(v) != 1 || v[0].GetVersion() != 17 || v[0].GetDomain() != "" {
		t.Errorf("operator sets are %v, want the default one in version 17", v)
	}
	dims := func(v []*onnx.ValueInfoProto) []any {
		if len(v) != 1 || v[0].Type.GetTensorType().GetElemType() != int32(onnx.TensorProto_FLOAT) {
			t.Fatalf("inputs or outputs are %v, want one of float32", v)
		}
		list := []any{v[0].GetName()}
		for _, d := range v[0].Type.GetTensorType().Shape.Dim {
			if d.GetDimParam() != "" {
				list = append(list, d.GetDimParam())
			} else {
				list = append(list, int(d.GetDimValue()))
			}
		}
		return list
	}
	input := []any{"images", "batch", 3, "height", "width"}
	if _, fixed := m.Backbone.(backbone.ViT); fixed {
		input = []any{"images", "batch", 3, m.Size, m.Size}
	}
	if diff := cmp.Diff(input, dims(model.Graph.Input)); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]any{"features", "batch", m.Backbone.Features()}, dims(model.Graph.Output)); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	return model
}

// interpret computes a network's output for images, by the ONNX specification of
// its operators.
func interpret(t *testing.T, model *onnx.ModelProto, images *dataset.Images) []float64 {
	t.Helper()
	return interpretAll(t, model, images)["features"].Data
}

// interpretAll computes what every node gives, by its name.
func interpretAll(t *testing.T, model *onnx.ModelProto, images *dataset.Images) map[string]testkit.Array {
	t.Helper()
	values := map[string]testkit.Array{"images": channelsFirst(images)}
	for _, w := range model.Graph.Initializer {
		a := testkit.Array{}
		for _, d := range w.Dims {
			a.Shape = append(a.Shape, int(d))
		}
		if w.GetDataType() == int32(onnx.TensorProto_INT64) { // places and shapes
			for at := 0; at < len(w.RawData); at += 8 {
				a.Data = append(a.Data, float64(int64(binary.LittleEndian.Uint64(w.RawData[at:]))))
			}
			values[w.GetName()] = a
			continue
		}
		if w.GetDataType() != int32(onnx.TensorProto_FLOAT) {
			t.Fatalf("%s has type %d, want float32", w.GetName(), w.GetDataType())
		}
		for at := 0; at < len(w.RawData); at += 4 {
			a.Data = append(a.Data, float64(math.Float32frombits(binary.LittleEndian.Uint32(w.RawData[at:]))))
		}
		values[w.GetName()] = a
	}
	names := map[string]bool{}
	for _, n := range model.Graph.Node {
		if len(n.Output) != 1 || names[n.GetName()] || names[n.Output[0]] {
			t.Fatalf("node %q has outputs %v, want one, and no name twice", n.GetName(), n.Output)
		}
		names[n.GetName()] = true
		var in []testkit.Array
		for _, name := range n.Input {
			value, ok := values[name]
			if !ok {
				t.Fatalf("node %q wants %q, which no node before it has made", n.GetName(), name)
			}
			in = append(in, value)
		}
		values[n.Output[0]] = compute(t, n, in)
	}
	return values
}

// channelsFirst returns colours from 0 to 1, [n, 3, height, width].
func channelsFirst(m *dataset.Images) testkit.Array {
	area := m.Height * m.Width
	x := testkit.Array{Shape: []int{m.Len(), 3, m.Height, m.Width}, Data: make([]float64, len(m.Pixels))}
	for i, v := range m.Pixels {
		image, pixel, colour := i/3/area, i/3%area, i%3
		x.Data[(image*3+colour)*area+pixel] = float64(v) / 255
	}
	return x
}
