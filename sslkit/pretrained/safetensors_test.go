package pretrained

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/nlpodyssey/safetensors"
	"github.com/x448/float16"
)

// State dicts that PyTorch wrote give PyTorch's features.
func TestStateDict(t *testing.T) {
	for name := range references {
		t.Run(name, func(t *testing.T) {
			m := reference(t, name)
			images, want := referenceFeatures(t, name)
			testkit.NearNorm(t, "features", embed(t, m, testkit.Any(t).Kind, images), want, 1e-4)
			if m.Origin != (Origin{File: name + ".safetensors"}) {
				t.Errorf("origin is %+v", m.Origin)
			}
		})
	}
	if notes := strings.Join(reference(t, "standard").Notes, "\n"); !strings.Contains(notes, "fc.weight") || !strings.Contains(notes, "fc.bias") {
		t.Errorf("notes are %q, want the tensors of the classifier that are left out", notes)
	}
	if notes := reference(t, "cifar").Notes; len(notes) > 0 {
		t.Errorf("notes %q about a file without a classifier", notes)
	}
}

// What is written is read again, and has PyTorch's tensors to the bit.
func TestSafetensorsThereAndBack(t *testing.T) {
	for name := range references {
		t.Run(name, func(t *testing.T) {
			m := reference(t, name)
			m.Origin.Method = "SimCLR"
			m.Mean[0], m.Precision = 1./3, "bf16"
			path := filepath.Join(t.TempDir(), "model.safetensors")
			if err := m.WriteSafetensors(path); err != nil {
				t.Fatal(err)
			}
			m.Notes = nil
			again, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(m, again, cmp.AllowUnexported(Model{}, tensor{}), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("another model (-written +read):\n%s", diff)
			}
			wrote, read := openFile(t, filepath.Join("testdata", name+".safetensors")), openFile(t, path)
			for _, name := range wrote.Names() {
				want, _ := wrote.Tensor(name)
				got, ok := read.Tensor(name)
				if same := got.DType() == want.DType() && slices.Equal(got.Shape(), want.Shape()) && string(got.Data()) == string(want.Data()); !same &&
					!strings.HasPrefix(name, "fc.") {
					t.Errorf("%s: present %t, type %s, shape %v; PyTorch wrote %s, %v", name, ok, got.DType(), got.Shape(), want.DType(), want.Shape())
				}
			}
		})
	}
}

// edited writes a file of testdata with other tensors and metadata.
func edited(t *testing.T, name string, meta map[string]string, edit func(tensors map[string]safetensors.TensorView)) string {
	t.Helper()
	tensors := map[string]safetensors.TensorView{}
	for _, named := range openFile(t, filepath.Join("testdata", name+".safetensors")).Tensors() {
		tensors[named.Name] = named.TensorView
	}
	edit(tensors)
	data, err := safetensors.Serialize(tensors, meta)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "edited.safetensors")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// in returns a tensor in another type.
func in(t *testing.T, view safetensors.TensorView, dtype safetensors.DType, add func(data []byte, v float32) []byte) safetensors.TensorView {
	t.Helper()
	var data []byte
	for at := 0; at < len(view.Data()); at += 4 {
		data = add(data, math.Float32frombits(binary.LittleEndian.Uint32(view.Data()[at:])))
	}
	other, err := safetensors.NewTensorView(dtype, view.Shape(), data)
	if err != nil {
		t.Fatal(err)
	}
	return other
}

func TestNumberTypes(t *testing.T) {
	order := binary.LittleEndian
	for _, c := range []struct {
		dtype    safetensors.DType
		accuracy float64
		add      func(data []byte, v float32) []byte
	}{
		{safetensors.F64, 0, func(b []byte, v float32) []byte { return order.AppendUint64(b, math.Float64bits(float64(v))) }},
		{safetensors.F16, 1. / (1 << 11), func(b []byte, v float32) []byte { return order.AppendUint16(b, float16.Fromfloat32(v).Bits()) }},
		{safetensors.BF16, 1. / (1 << 7), func(b []byte, v float32) []byte { return order.AppendUint16(b, uint16(math.Float32bits(v)>>16)) }},
	} {
		path := edited(t, "cifar", nil, func(tensors map[string]safetensors.TensorView) {
			tensors["conv1.weight"] = in(t, tensors["conv1.weight"], c.dtype, c.add)
		})
		m, err := ReadStateDict(path, references["cifar"])
		if err != nil {
			t.Errorf("%s: %v", c.dtype, err)
			continue
		}
		for i, want := range reference(t, "cifar").tensors[0].values {
			if got := m.tensors[0].values[i]; math.Abs(float64(got-want)) > c.accuracy*math.Abs(float64(want))+1e-7*c.accuracy {
				t.Errorf("%s: number %d is %g, want %g", c.dtype, i, got, want)
				break
			}
		}
	}
}
