package head_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// TestEncoderValidates; what an encoder computes, the golden steps of All4One compare.
func TestEncoderValidates(t *testing.T) {
	good := head.Encoder{Depth: 1, Heads: 4, Hidden: 8, Dropout: 0.1}
	if err := good.Validate(16); err != nil {
		t.Error(err)
	}
	for want, spoil := range map[string]func(e *head.Encoder){
		"depth 0 and hidden 8, want at least 1":      func(e *head.Encoder) { e.Depth = 0 },
		"heads 3, want a number that divides":        func(e *head.Encoder) { e.Heads = 3 },
		"heads 0, want a number that divides":        func(e *head.Encoder) { e.Heads = 0 },
		"dropout 1, want a number from 0 to below 1": func(e *head.Encoder) { e.Dropout = 1 },
		"dropout NaN, want a number from 0 to below": func(e *head.Encoder) { e.Dropout = math.NaN() },
	} {
		e := good
		spoil(&e)
		if err := e.Validate(16); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// TestWavePositions compares waves of three tokens with their formula.
func TestWavePositions(t *testing.T) {
	x := testkit.Array{Shape: []int{2, 3, 4}, Data: testkit.G(1, 6, 4)}
	got := testkit.Run(t, testkit.Open(t, device.Go), func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{head.WavePositions(in[0])}
	}, x.Tensor(dtypes.Float64))[0]
	slow := math.Pow(10000, -0.5)
	for i, y := range got {
		at := float64(i % 4)
		wave := []float64{math.Sin(at), math.Cos(at), math.Sin(at * slow)}[i/4%3]
		testkit.Within(t, "token", []float64{y}, []float64{x.Data[i] + wave}, 1e-12)
	}
}
