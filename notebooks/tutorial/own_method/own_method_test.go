package main

import (
	"errors"
	"io/fs"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/train"
)

// The cells run one after the other, as in the notebook.
func TestCells(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: trains")
	}
	if _, err := device.Open(device.CPU); errors.Is(err, fs.ErrNotExist) {
		t.Skip(err)
	}
	t.Chdir(t.TempDir())
	epochs, images, kind = 1, 250, device.CPU
	main()
	main() // finds its runs complete
	result, err := train.Open(folder + "/mine")
	if err != nil {
		t.Fatal(err)
	}
	last := result.Last()
	if last.Epoch != 1 || last.Loss >= 0 || last.CollapseMargin == nil || *last.CollapseMargin != -last.Loss {
		t.Errorf("last epoch %+v, want the first, with a loss below that of a collapsed network", last)
	}
	if m, ok := result.Recipe.Method.(AlignUniform); !ok || m.Weight != 1 {
		t.Errorf("method read back: %#v", result.Recipe.Method)
	}
}

func TestLossEqualsLoops(t *testing.T) {
	z0 := [][]float64{{1, 2, 0}, {-1, 0.5, 3}, {0, -2, 1}, {4, 4, -1}}
	z1 := [][]float64{{1, 1, 0.5}, {0, 1, 2}, {0.1, -1, 1}, {3, 5, 0}}
	got := graph.MustExecOnce(must(device.Open(device.Go)).Backend, func(z0, z1 *graph.Node) *graph.Node {
		return AlignUniformLoss(z0, z1, 0.7)
	}, z0, z1).Value().(float64)
	if want := Loops(z0, z1, 0.7); math.Abs(got-want) > 1e-12 {
		t.Errorf("loss %g, loops %g", got, want)
	}
}

func TestValidate(t *testing.T) {
	m := AlignUniform{Projector: head.MLP{Layers: 2, Hidden: 8, Out: 4, OutNorm: head.NoNorm}, Weight: -1}
	if err := m.Validate(nil); err == nil || !strings.Contains(err.Error(), "weight -1") {
		t.Errorf("error %v, want one about the weight", err)
	}
}
