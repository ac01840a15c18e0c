package pretrained

import (
	"iter"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// Plain is a program's own backbone, with no more than the interfaces ask for.
type Plain struct {
	Width  int `json:"width"`
	Splits int `json:"splits"`
}

func (p Plain) Forward(scope *nn.Scope, x *graph.Node) *graph.Node {
	x = nn.Conv(scope.In("first"), x, p.Width, 3, 2)
	x = op.ReLU(nn.SplitBatchNorm(scope.In("norm"), x, p.Splits))
	return op.Widen(nn.Dense(scope.In("last"), nn.GlobalAveragePool(x), p.Features(), true))
}

func (p Plain) Features() int             { return 2 * p.Width }
func (p Plain) Shrunk() backbone.Backbone { return Plain{2, p.Splits} }
func (p Plain) Validate() error           { return nil }
func (p Plain) Parts() int                { return p.Splits }
func (p Plain) Joined() backbone.Backbone { return Plain{p.Width, 1} }

// Rows is one that lists its layers.
type Rows struct {
	Width  int  `json:"width"`
	Square bool `json:"square"` // with a layer of a kind that nobody else has
}

func (r Rows) Layers() iter.Seq[backbone.Layer] {
	list := []backbone.Layer{
		{Name: "features.0", Path: "first", Kind: backbone.Conv{In: 3, Out: r.Width, Size: 3, Stride: 2}},
		{Name: "features.1", Path: "norm", Kind: backbone.BatchNorm{Channels: r.Width, Splits: 1}},
		{Name: "features.2", Path: "relu", Kind: backbone.ReLU{}},
		{Name: "sum", Path: "sum", Kind: backbone.Add{}, From: []string{"features.2", "features.0"}},
		{Name: "pool", Path: "pool", Kind: backbone.AveragePool{}},
	}
	if r.Square {
		list = append(list, backbone.Layer{Name: "square", Path: "square", Kind: square{r.Width}})
	}
	return slices.Values(list)
}

func (r Rows) Forward(scope *nn.Scope, x *graph.Node) *graph.Node {
	return backbone.Build(scope, r.Layers(), x)
}

func (r Rows) Features() int             { return r.Width }
func (r Rows) Shrunk() backbone.Backbone { return r }
func (r Rows) Validate() error           { return nil }

// square is a dense layer of squared features, whose outputs are scaled.
type square struct{ size int }

func (s square) Forward(scope *nn.Scope, in ...*graph.Node) *graph.Node {
	y := op.Widen(nn.Dense(scope.In("proj"), graph.Square(in[0]), s.size, false))
	return graph.Mul(y, scope.Param("weight", nn.Constant(1), 1, s.size))
}

func (s square) Weights() []backbone.Weight {
	return []backbone.Weight{{Name: "proj.weight", Dims: []int{s.size, s.size}, Kernel: true}, {Name: "", Dims: []int{1, s.size}}}
}

var _ = []backbone.Backbone{backbone.Register(Plain{}), backbone.Register(Rows{})}

// trained trains a backbone on the device that every machine has.
func trained(t *testing.T, b backbone.Backbone) (m *Model, dir string, r recipe.Recipe, set *dataset.Set, result *train.Result) {
	t.Helper()
	dir, r = t.TempDir(), quick(t, "SimCLR")
	set = &dataset.Set{Name: "mine", Train: pictures(32, 8), Test: pictures(12, 8)}
	r = r.For(set)
	r.Backbone, r.Batch, r.Precision = b, 8, device.F32
	for i := range r.Views {
		r.Views[i].Size = 8
	}
	var err error
	if result, err = train.Run(t.Context(), r, train.Options{Dir: dir, Device: device.Go, Data: set}); err != nil {
		t.Fatal(err)
	}
	if m, err = Load(dir); err != nil {
		t.Fatal(err)
	}
	return m, dir, r, set, result
}

// The backbone of a program's own is read and embeds images as its run did, and
// where it is to be exported, it says what it lacks.
func TestOwnBackbone(t *testing.T) {
	m, dir, r, set, result := trained(t, Plain{Width: 4, Splits: 2})
	if m.Backbone != (Plain{4, 1}) || m.Describe() != `Plain {"width":4,"splits":1}` || m.Parameters() != 3*3*3*4+2*4+4*8+8 {
		t.Errorf("%s of %d parameters", m.Describe(), m.Parameters())
	}
	bank, queries := embed(t, m, device.Go, set.Train), embed(t, m, device.Go, set.Test)
	classifier, err := r.Eval.NewClassifier(testkit.Open(t, device.Go), 2)
	if err != nil {
		t.Fatal(err)
	}
	matrix := func(features []float64) *tensors.Tensor {
		single := make([]float32, len(features))
		for i, v := range features {
			single[i] = float32(v)
		}
		return tensors.FromFlatDataAndDimensions(single, len(single)/8, 8)
	}
	found, err := classifier.Predict(t.Context(), matrix(queries), matrix(bank), tensors.FromFlatDataAndDimensions(set.Train.Labels, 32))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := eval.Accuracy(found, set.Test.Labels), result.Last().KNN; got != want {
		t.Errorf("kNN accuracy is %g, the run had %g", got, want)
	}
	origin, err := m.FeaturesOrigin()
	if err != nil {
		t.Fatal(err)
	}
	first, err := Untrained(r)
	if err != nil {
		t.Fatal(err)
	}
	if other, err := first.FeaturesOrigin(); err != nil || origin.Match(other) == nil {
		t.Errorf("before and after training the origin is the same, error %v", err)
	}

	wantError(t, m.WriteSafetensors(filepath.Join(dir, "m.safetensors")), "m.safetensors", "PyTorch's names", "Plain has no method Layers", "backbone.Listed")
	wantError(t, m.WriteONNX(filepath.Join(dir, "m.onnx")), "m.onnx", "ONNX", "Plain has no method Layers", "backbone.Listed")
	_, err = ReadStateDict(filepath.Join("testdata", "cifar.safetensors"), m.Network)
	wantError(t, err, "PyTorch's names", "Plain has no method Layers")
}

// One that lists its layers goes through files.
func TestOwnListOfLayers(t *testing.T) {
	m, dir, _, set, _ := trained(t, Rows{Width: 4})
	want := embed(t, m, device.Go, set.Test)
	file := filepath.Join(dir, "m.safetensors")
	if err := m.WriteSafetensors(file); err != nil {
		t.Fatal(err)
	}
	read, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, embed(t, read, device.Go, set.Test)); diff != "" || read.Backbone != m.Backbone {
		t.Errorf("%+v read from a file has other features:\n%s", read.Backbone, diff)
	}
	testkit.NearNorm(t, "ONNX", interpret(t, written(t, m), set.Test), want, 1e-5)

	// The same tensors as another program would write them.
	foreign := edited(t, "cifar", nil, func(v views) {
		clear(v)
		file := openFile(t, file)
		for _, name := range file.Names() {
			v["module.net."+name], _ = file.Tensor(name)
		}
	})
	if read, err = ReadStateDict(foreign, m.Network); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, embed(t, read, device.Go, set.Test)); diff != "" {
		t.Errorf("read from another's file it has other features:\n%s", diff)
	}
}

// A kind of layer of one's own has names for its weights, and no ONNX form.
func TestOwnKindOfLayer(t *testing.T) {
	m, dir, _, set, _ := trained(t, Rows{Width: 4, Square: true})
	file := filepath.Join(dir, "m.safetensors")
	if err := m.WriteSafetensors(file); err != nil {
		t.Fatal(err)
	}
	read, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(embed(t, m, device.Go, set.Test), embed(t, read, device.Go, set.Test)); diff != "" {
		t.Errorf("read from a file it has other features:\n%s", diff)
	}
	for _, name := range []string{"features.0.weight", "features.1.running_var", "square.proj.weight", "square"} {
		if _, ok := openFile(t, file).Tensor(name); !ok {
			t.Errorf("the file has no tensor %s", name)
		}
	}
	wantError(t, m.WriteONNX(filepath.Join(dir, "m.onnx")), "ONNX", "layer square", "pretrained.square")
}
