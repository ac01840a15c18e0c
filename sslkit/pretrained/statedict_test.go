package pretrained

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/nlpodyssey/safetensors"
)

type views = map[string]safetensors.TensorView

// numbered are lightly's numbers in an nn.Sequential of a ResNet's children: of its
// own ResNet, and of torchvision's.
func numbered(name string, layer1 int) string {
	first, rest, _ := strings.Cut(name, ".")
	switch {
	case first == "conv1":
		first = "0"
	case first == "bn1":
		first = "1"
	case strings.HasPrefix(first, "layer"):
		first = fmt.Sprint(int(first[len("layer")]-'1') + layer1)
	}
	return first + "." + rest
}

func lightlys(name string) string { return strings.Replace(name, "downsample", "shortcut", 1) }

// renamed writes a file of testdata with other names, and more tensors.
func renamed(t *testing.T, reference string, rename func(string) string, more func(all views)) string {
	t.Helper()
	return edited(t, reference, nil, func(all views) {
		old := views{}
		for name, view := range all {
			old[name] = view
			delete(all, name)
		}
		for name, view := range old {
			all[rename(name)] = view
		}
		if more != nil {
			more(all)
		}
	})
}

// sameWeights compares a model with the one of testdata, and its notes with what they should hold.
func sameWeights(t *testing.T, what, reference1 string, got *Model, notes ...string) {
	t.Helper()
	want := reference(t, reference1)
	if diff := cmp.Diff(want.tensors, got.tensors, cmp.AllowUnexported(tensor{})); diff != "" || !cmp.Equal(want.Network, got.Network) {
		t.Errorf("%s: network %+v, tensors (-want +got):\n%s", what, got.Network, diff)
	}
	said := strings.Join(got.Notes, "\n")
	for _, note := range notes {
		if !strings.Contains(said, note) {
			t.Errorf("%s: notes %q, want %q in them", what, said, note)
		}
	}
	if len(notes) == 0 && said != "" {
		t.Errorf("%s: notes %q, want none", what, said)
	}
}

// Names that others give to the same tensors.
func TestForeignNames(t *testing.T) {
	prefixed := func(prefix string) func(string) string { return func(name string) string { return prefix + name } }
	withReLU := references["cifar"]
	change(&withReLU, func(net *backbone.ResNet) { net.StemReLU = true })
	for what, c := range map[string]struct {
		reference string
		rename    func(string) string
		more      func(all views)
		network   Network
		notes     []string
	}{
		"module":    {"cifar", prefixed("module."), nil, references["cifar"], nil},
		"lightning": {"cifar", prefixed("model.encoder."), nil, references["cifar"], nil},
		"moco": {"cifar", prefixed("module.encoder_q."), func(all views) {
			for name, view := range all {
				all[strings.Replace(name, "_q", "_k", 1)] = view
			}
			all["module.encoder_q.fc.0.weight"] = all["module.encoder_q.bn1.weight"]
			all["module.queue"] = all["module.encoder_q.bn1.weight"]
		}, references["cifar"], []string{"fc.0.weight is left out", "begin with module.encoder_k., 48 of them, are left out", "module.queue"}},
		"lightly's own": {"cifar", func(name string) string { return lightlys(name) },
			func(all views) { all["linear.weight"] = all["bn1.weight"] }, references["cifar"], []string{"linear.weight is left out"}},
		"lightly's children": {"cifar", func(name string) string { return "backbone." + numbered(lightlys(name), 2) },
			func(all views) { all["projection_head.layers.0.weight"] = all["backbone.1.weight"] }, withReLU,
			[]string{"no ReLU follows the stem", "begin with projection_head., 1 of them"}},
		"torchvision's children": {"standard", func(name string) string { return "resnet." + numbered(name, 4) },
			func(all views) { delete(all, "resnet.fc.weight"); delete(all, "resnet.fc.bias") }, references["standard"], nil},
	} {
		path := renamed(t, c.reference, c.rename, c.more)
		m, err := ReadStateDict(path, c.network)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		sameWeights(t, what, c.reference, m, c.notes...)
	}
}

// The numbers of layers tell of a convolution behind the pool, and of the ReLU.
func TestNumbersTell(t *testing.T) {
	path := renamed(t, "standard", func(name string) string { return numbered(name, 4) }, func(all views) {
		delete(all, "fc.weight")
		delete(all, "fc.bias")
		kernel, err := safetensors.NewTensorView(safetensors.F32, []uint64{8, 8, 1, 1}, make([]byte, 256))
		if err != nil {
			t.Fatal(err)
		}
		all["7.weight"], all["7.bias"] = kernel, all["5.0.bn1.bias"]
	})
	n := references["standard"]
	change(&n, func(net *backbone.ResNet) { net.StemReLU = false })
	m, err := ReadStateDict(path, n)
	if err != nil {
		t.Fatal(err)
	}
	net := m.Backbone.(backbone.ResNet)
	if said := strings.Join(m.Notes, "\n"); !net.StemReLU || !net.FinalConv || !strings.Contains(said, "ReLU follows") || !strings.Contains(said, "behind its average pool, 7") {
		t.Errorf("network %+v, notes %q", net, said)
	}
}

// Of several networks one is chosen by its prefix; what cannot be told is asked.
func TestSeveralNetworks(t *testing.T) {
	path := renamed(t, "cifar", func(name string) string { return "student.a." + name }, func(all views) {
		for name, view := range all {
			all[strings.Replace(name, ".a.", ".b.", 1)] = view
			all[strings.Replace(name, "student.a.", "target.", 1)] = view
		}
	})
	_, err := ReadStateDict(path, references["cifar"])
	wantError(t, err, path, `"student.a."`, `"student.b."`, `"target."`, "--prefix")
	for _, prefix := range []string{"target", "student.b."} {
		m, err := ReadStateDictPart(path, prefix, references["cifar"])
		if err != nil {
			t.Fatal(err)
		}
		sameWeights(t, prefix, "cifar", m, "are left out")
	}
	_, err = ReadStateDictPart(path, "teacher", references["cifar"])
	wantError(t, err, path, `"teacher."`, `"target."`, "student.a.bn1.bias [4]")
}

// Statistics of several splits become their mean.
func TestStatisticsOfSplits(t *testing.T) {
	path := renamed(t, "cifar", lightlys, func(all views) {
		view := all["layer1.0.bn2.running_mean"]
		data := append(append([]byte{}, view.Data()...), make([]byte, len(view.Data()))...)
		twice, err := safetensors.NewTensorView(view.DType(), []uint64{2 * view.Shape()[0]}, data)
		if err != nil {
			t.Fatal(err)
		}
		all["layer1.0.bn2.running_mean"] = twice
	})
	m, err := ReadStateDict(path, references["cifar"])
	if err != nil {
		t.Fatal(err)
	}
	for i, tensor := range reference(t, "cifar").tensors {
		if tensor.name != "layer1.0.bn2.running_mean" {
			continue
		}
		for c, v := range tensor.values {
			if got := m.tensors[i].values[c]; len(m.tensors[i].values) != 4 || got != v/2 {
				t.Errorf("channel %d has the mean %g, want half of %g", c, got, v)
			}
		}
	}
}

// What cannot be read says what there is, and what to do.
func TestForeignNetworks(t *testing.T) {
	_, err := ReadStateDict(renamed(t, "cifar", func(name string) string { return "net/" + name }, nil), references["cifar"])
	wantError(t, err, "tensor conv1.weight is missing", "the file has 48 tensors", "net/bn1.bias [4]", "…")
	_, err = ReadStateDict(renamed(t, "cifar", func(name string) string { return name }, func(all views) {
		all["layer1.0.conv3.weight"] = all["layer1.0.conv2.weight"]
	}), references["cifar"])
	wantError(t, err, "ResNet-50")
	large := references["cifar"]
	change(&large, func(net *backbone.ResNet) { net.LargeStem = true })
	_, err = ReadStateDict(filepath.Join("testdata", "cifar.safetensors"), large)
	wantError(t, err, "--small-stem")
}
