package main

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
)

// The cells run one after the other, as in the notebook.
func TestCells(t *testing.T) {
	t.Chdir(t.TempDir())
	steps, kind = 1, device.Go // which every machine has
	main()
	main() // finds its runs complete
	if text, err := os.ReadFile(note); err != nil || !strings.Contains(string(text), "42") {
		t.Errorf("%s holds %q, error %v", note, text, err)
	}
}

func TestDistances(t *testing.T) {
	backend := must(device.Open(device.Go)).Backend
	distances := graph.MustExecOnce(backend, Distances, [][]float64{{0, 0}, {3, 4}}, [][]float64{{0, 0}, {0, 4}, {3, 0}}).Value().([][]float64)
	for i, want := range [][]float64{{0, 4, 3}, {5, 3, 4}} {
		for j := range want {
			if math.Abs(distances[i][j]-want[j]) > 1e-12 {
				t.Errorf("distance %d, %d is %g, want %g", i, j, distances[i][j], want[j])
			}
		}
	}
}

// Going downhill makes the sum of the distances smaller, and moves by 0.05 times its slope.
func TestDownhill(t *testing.T) {
	downhill := must(graph.NewExec(must(device.Open(device.Go)).Backend, Downhill))
	moved, sum, err := downhill.Exec2([][]float64{{3, 4}}, [][]float64{{0, 0}})
	check(err)
	if got := sum.Value().(float64); got != 5 {
		t.Errorf("sum %g, want 5", got)
	}
	place := moved.Value().([][]float64)[0]
	if math.Abs(place[0]-2.97) > 1e-12 || math.Abs(place[1]-3.96) > 1e-12 {
		t.Errorf("moved to %v, want [2.97 3.96]", place)
	}
}
