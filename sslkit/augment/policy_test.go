package augment

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/op"
)

func TestPanics(t *testing.T) {
	d := testkit.Open(t, device.Go)
	key := func(g *graph.Graph) *graph.Node { return graph.Const(g, uint64(1)) }
	images := func(g *graph.Graph, dtype dtypes.DType, dims ...int) *graph.Node {
		return graph.Zeros(g, shapes.Make(dtype, dims...))
	}
	testkit.Panics(t, d, "augment: View: images have shape", func(g *graph.Graph) {
		SimCLR(8).View(key(g), images(g, dtypes.Float32, 2, 8, 8, 3))
	})
	testkit.Panics(t, d, "augment: View: images have shape", func(g *graph.Graph) {
		SimCLR(8).View(key(g), images(g, dtypes.Uint8, 2, 8, 8, 1))
	})
	testkit.Panics(t, d, "augment: View: images have shape", func(g *graph.Graph) {
		SimCLR(8).View(key(g), images(g, dtypes.Uint8, 8, 8, 3))
	})
	testkit.Panics(t, d, "augment: View: key has shape", func(g *graph.Graph) {
		SimCLR(8).View(graph.Const(g, int32(1)), images(g, dtypes.Uint8, 2, 8, 8, 3))
	})
	testkit.Panics(t, d, "size is 0", func(g *graph.Graph) {
		Policy{}.View(key(g), images(g, dtypes.Uint8, 2, 8, 8, 3))
	})
	testkit.Panics(t, d, "images of 8×9 pixels, want 8×8", func(g *graph.Graph) {
		SimCLR(8).Plain(images(g, dtypes.Uint8, 2, 8, 9, 3))
	})
}

func TestValidate(t *testing.T) {
	if err := SimCLR(32).Validate(); err != nil {
		t.Errorf("SimCLR: %v", err)
	}
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		want   string
		change func(p *Policy)
	}{
		{"size is 0", func(p *Policy) { p.Size = 0 }},
		{"scale is [0 1]", func(p *Policy) { p.Scale[0] = 0 }},
		{"scale is [0.5 0.2]", func(p *Policy) { p.Scale = [2]float64{.5, .2} }},
		{"scale is [0.08 1.5]", func(p *Policy) { p.Scale[1] = 1.5 }},
		{"ratio is [0 1]", func(p *Policy) { p.Ratio = [2]float64{0, 1} }},
		{"ratio is [2 1]", func(p *Policy) { p.Ratio = [2]float64{2, 1} }},
		{"ratio is [1 +Inf]", func(p *Policy) { p.Ratio = [2]float64{1, inf} }},
		{"flip_p is 1.5", func(p *Policy) { p.FlipP = 1.5 }},
		{"jitter_p is -0.1", func(p *Policy) { p.JitterP = -0.1 }},
		{"brightness is -1", func(p *Policy) { p.Brightness = -1 }},
		{"contrast is NaN", func(p *Policy) { p.Contrast = nan }},
		{"saturation is +Inf", func(p *Policy) { p.Saturation = inf }},
		{"hue is 0.6", func(p *Policy) { p.Hue = 0.6 }},
		{"grayscale_p is NaN", func(p *Policy) { p.GrayscaleP = nan }},
		{"mean is [NaN", func(p *Policy) { p.Mean[0] = nan }},
		{"std is [0.229 0 ", func(p *Policy) { p.Std[1] = 0 }},
	} {
		p := SimCLR(32)
		c.change(&p)
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one about %q", err, c.want)
		}
	}
}

func TestJSON(t *testing.T) {
	text, err := json.Marshal(SimCLR(32))
	if err != nil {
		t.Fatal(err)
	}
	var back Policy
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if back != SimCLR(32) {
		t.Errorf("read back as %+v from %s", back, text)
	}
	for _, key := range []string{`"size":32`, `"flip_p":0.5`, `"jitter_p":0.8`, `"grayscale_p":0.2`} {
		if !strings.Contains(string(text), key) {
			t.Errorf("no %s in %s", key, text)
		}
	}
}

func TestCentralBox(t *testing.T) {
	ratio := [2]float64{3. / 4, 4. / 3}
	for _, c := range []struct{ height, width, h, w int }{
		{32, 32, 32, 32}, {120, 160, 120, 160}, {10, 100, 10, 13}, {100, 10, 13, 10}, {1, 1, 1, 1}, {9, 1, 1, 1},
	} {
		if h, w := centralBox(c.height, c.width, ratio); h != c.h || w != c.w {
			t.Errorf("%d×%d: central box %d×%d, want %d×%d", c.height, c.width, h, w, c.h, c.w)
		}
	}
}

// TestFallbackBox draws crops that can never fit.
func TestFallbackBox(t *testing.T) {
	out := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		b := randomBox(op.Uniform(in[0], cropDraws, 1), 10, 100, [2]float64{1, 1}, [2]float64{1, 1.25})
		return []*graph.Node{b.top, b.left, b.height, b.width}
	}, tensors.FromValue(uint64(1)))
	if diff := cmp.Diff([][]float64{{0}, {44}, {10}, {12}}, out); diff != "" {
		t.Errorf("box (-want +got):\n%s", diff)
	}
}

func BenchmarkView(b *testing.B) {
	d := testkit.XLA(b)
	for _, n := range []int{64, 512} {
		b.Run(fmt.Sprintf("size=32/batch=%d", n), func(b *testing.B) {
			exec, err := graph.NewExec(d.Backend, SimCLR(32).View)
			if err != nil {
				b.Fatal(err)
			}
			defer exec.Finalize()
			images := noise(n, 32)
			run := func(step uint64) {
				view := exec.MustExec(tensors.FromValue(op.Key(1, step)), images)[0]
				view.MustConstFlatData(func(any) {}) // waits
				view.MustFinalizeAll()
			}
			run(0)
			step := uint64(0)
			for b.Loop() {
				step++
				run(step)
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "views/s")
		})
	}
}
