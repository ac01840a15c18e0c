package main

import (
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/train"
)

// xla skips a test where it cannot train.
func xla(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: trains")
	}
	if _, err := device.Open(device.CPU); errors.Is(err, fs.ErrNotExist) {
		t.Skip(err)
	}
	kind = device.CPU
}

// The cells run one after the other, as in the notebook.
func TestCells(t *testing.T) {
	xla(t)
	t.Chdir(t.TempDir())
	images, epochs, steps = 256, 1, 4
	main()
	main() // finds its runs complete
	for name, want := range map[string]string{"jitter": "SimCLR", "plain": "SimCLR without colour jitter"} {
		result, err := train.Open(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if result.Recipe.Name != want || result.Last().Epoch != 1 {
			t.Errorf("%s: run of %q ended after epoch %d", name, result.Recipe.Name, result.Last().Epoch)
		}
	}
}

// The loops are those of the formula: two images whose similarities are plain.
func TestLoops(t *testing.T) {
	kind = device.Go
	right := [][]float64{{2, 0}, {0, 3}}
	e := math.E
	if got, want := Loops(right, right, 1), -math.Log(e/(e+2)); math.Abs(got-want) > 1e-12 {
		t.Errorf("loss %g, want %g", got, want)
	}
	random := rand.New(rand.NewPCG(1, 2))
	a, b := make([][]float64, 5), make([][]float64, 5)
	for i := range a {
		for range 3 {
			a[i], b[i] = append(a[i], random.NormFloat64()), append(b[i], random.NormFloat64())
		}
	}
	if got, want := Loops(a, b, 0.2), Compiled(a, b, 0.2); math.Abs(got-want) > 1e-12 {
		t.Errorf("loops %g, the library %g", got, want)
	}
}

// The first step's loss is that of the library's method with the same weights
// and views, and steps make it smaller.
func TestByHand(t *testing.T) {
	xla(t)
	images, steps = 256, 12
	losses := ByHand()
	if first, last := losses[0], losses[steps-1]; !(last < first-0.1) {
		t.Errorf("the loss goes from %g to %g in %d steps", first, last, steps)
	}
	if want := firstLoss(); math.Abs(losses[0]-want) > 1e-4 {
		t.Errorf("the first loss is %g, the library's %g", losses[0], want)
	}
}

// firstLoss is the loss of method.SimCLR before the first step.
func firstLoss() float64 {
	d, r := must(device.Open(kind)), Recipe()
	vars := must(nn.Declare(d.Backend, mode, func(scope *nn.Scope) {
		view := graph.Zeros(scope.Graph(), shapes.Make(dtypes.Float32, r.Batch, 32, 32, 3))
		r.Method.Loss(method.NewStep(r.Method, scope, r.Backbone, []*graph.Node{view, view}))
	}))
	params, buffers := vars.Initial(r.Seed)
	pixels := Data().Train.First(r.Batch).Pixels
	exec := must(graph.NewExec(d.Backend, func(params, buffers, number, pixels *graph.Node) *graph.Node {
		pixels = graph.Reshape(pixels, r.Batch, 32, 32, 3)
		model := vars.Bind(mode, params, buffers)
		return r.Method.Loss(method.NewStep(r.Method, model.Scope, r.Backbone, DrawViews(number, pixels))).Loss
	}))
	return float64(must(exec.Exec1(narrow(params), narrow(buffers), int32(0), pixels)).Value().(float32))
}

func TestMeasure(t *testing.T) {
	images = 20
	data := Data()
	for i := range data.Test.Pixels {
		data.Test.Pixels[i] = 255
	}
	if got := MeanColour(data.Test, 3); math.Abs(got[0]-1) > 1e-9 || math.Abs(got[2]-1) > 1e-9 {
		t.Errorf("mean colour of white: %g", got)
	}
	red := &dataset.Images{Pixels: []uint8{255, 0, 0, 0, 0, 51}, Labels: []int32{0}, Height: 1, Width: 2}
	if got := MeanColour(red, 0); math.Abs(got[0]-0.5) > 1e-9 || got[1] != 0 || math.Abs(got[2]-0.1) > 1e-9 {
		t.Errorf("mean colour %g, want [0.5 0 0.1]", got)
	}
	// Test and training images take turns through the ten classes.
	if same, _ := Measure("same", func(i int) int { return i % 10 }); math.Abs(same-1) > 1e-9 {
		t.Errorf("%g of the neighbours are of the same class, want all", same)
	}
	if same, _ := Measure("next", func(i int) int { return (i + 1) % 10 }); same != 0 {
		t.Errorf("%g of the neighbours are of the same class, want none", same)
	}
}
