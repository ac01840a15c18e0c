package augment

import (
	"encoding/json"
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
		SimCLR(8).View(key(g), Whole(images(g, dtypes.Float32, 2, 8, 8, 3)))
	})
	testkit.Panics(t, d, "augment: View: images have shape", func(g *graph.Graph) {
		SimCLR(8).View(key(g), Whole(images(g, dtypes.Uint8, 2, 8, 8, 1)))
	})
	testkit.Panics(t, d, "augment: View: images have shape", func(g *graph.Graph) {
		SimCLR(8).View(key(g), Whole(images(g, dtypes.Uint8, 8, 8, 3)))
	})
	testkit.Panics(t, d, "augment: View: key has shape", func(g *graph.Graph) {
		SimCLR(8).View(graph.Const(g, int32(1)), Whole(images(g, dtypes.Uint8, 2, 8, 8, 3)))
	})
	testkit.Panics(t, d, "augment: Views: 1 keys for 2 policies", func(g *graph.Graph) {
		Views([]Policy{SimCLR(8), SimCLR(8)}, []*graph.Node{key(g)}, Whole(images(g, dtypes.Uint8, 2, 8, 8, 3)), true)
	})
	testkit.Panics(t, d, "size is 0", func(g *graph.Graph) {
		Policy{}.View(key(g), Whole(images(g, dtypes.Uint8, 2, 8, 8, 3)))
	})
}

func TestValidate(t *testing.T) {
	byol0, byol1 := BYOL(32)
	for i, p := range []Policy{SimCLR(32), SimSiam(32), byol0, byol1, byol0.Blurred(0), SimCLR(128).Blurred2021(0.5)} {
		if err := p.Validate(); err != nil {
			t.Errorf("policy %d: %v", i, err)
		}
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
		{"blur_p is 2", func(p *Policy) { p.BlurP = 2 }},
		{"blur_p is 0.5, want 0, or blur_sigma", func(p *Policy) { p.BlurP = 0.5 }},
		{"blur_sigma is [-1 1]", func(p *Policy) { p.BlurSigma = [2]float64{-1, 1} }},
		{"blur_sigma is [2 1]", func(p *Policy) { p.BlurSigma = [2]float64{2, 1} }},
		{"blur_sigma is [0 +Inf]", func(p *Policy) { p.BlurSigma[1] = inf }},
		{"blur_kernel is NaN", func(p *Policy) { p.BlurKernel = nan }},
		{"blur_kernel is 33, want a number from 0 to 32", func(p *Policy) { p.BlurKernel = 33 }},
		{"blur_kernel is 3, want 0 where", func(p *Policy) { *p = p.Blurred(1); p.BlurKernel = 3 }},
		{"solarize_p is -1", func(p *Policy) { p.SolarizeP = -1 }},
		{"mean is [NaN", func(p *Policy) { p.Mean[0] = nan }},
		{"std is [0.229 0 ", func(p *Policy) { p.Std[1] = 0 }},
		{"mean is [123.7 116.3 103.5], want numbers from 0 to 1, as colours are; of colours from 0 to 255 that is [0.4851 0.4561 0.4059]",
			func(p *Policy) { p.Mean = [3]float64{123.7, 116.3, 103.5} }},
		{"std is [58.4 57.1 57.4], want positive numbers up to 1, for colours from 0 to 1; of colours from 0 to 255 that is [0.229 0.2239 0.2251]",
			func(p *Policy) { p.Std = [3]float64{58.4, 57.1, 57.4} }},
		{"mean is [-0.5 ", func(p *Policy) { p.Mean[0] = -0.5 }},
	} {
		p := SimCLR(32)
		c.change(&p)
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one about %q", err, c.want)
		}
	}
}

// TestPublishedPolicies compares the policies with the published table.
func TestPublishedPolicies(t *testing.T) {
	byol0, byol1 := BYOL(128)
	for i, c := range []struct {
		policy                       Policy
		scale, saturation, blur, sol float64
	}{
		{SimCLR(128), .08, .4, 0, 0},
		{SimCLR(128).Blurred(.5), .08, .4, .5, 0},
		{SimSiam(128), .2, .4, 0, 0},
		{SimSiam(128).Blurred(.5), .2, .4, .5, 0},
		{byol0, .08, .2, 1, 0},
		{byol1, .08, .2, .1, .2},
		{byol1.Blurred(0), .08, .2, 0, .2},
	} {
		want := Policy{
			Size: 128, Scale: [2]float64{c.scale, 1}, Ratio: [2]float64{3. / 4, 4. / 3}, FlipP: .5,
			JitterP: .8, Brightness: .4, Contrast: .4, Saturation: c.saturation, Hue: .1, GrayscaleP: .2,
			BlurP: c.blur, SolarizeP: c.sol,
			Mean: [3]float64{.485, .456, .406}, Std: [3]float64{.229, .224, .225},
		}
		if c.blur > 0 {
			want.BlurSigma = [2]float64{.1, 2}
		}
		if diff := cmp.Diff(want, c.policy); diff != "" {
			t.Errorf("policy %d (-want +got):\n%s", i, diff)
		}
	}
	first := byol0.Blurred(.5)
	first.SolarizeP, first.SolarizeFirst = .1, true
	if diff := cmp.Diff(first, VICReg(128)); diff != "" {
		t.Errorf("VICReg (-want +got):\n%s", diff)
	}
	jittered := byol0.Blurred(.5)
	jittered.Scale[0], jittered.JitterP = .2, 1
	if diff := cmp.Diff(jittered, VICRegL(128)); diff != "" {
		t.Errorf("VICRegL (-want +got):\n%s", diff)
	}
	if p := SimCLR(128).Blurred(1).Blurred2021(.5); p.BlurP != .5 || p.BlurKernel != 12.8 || p.BlurSigma != [2]float64{} {
		t.Errorf("blur of 2021: %+v", p)
	}
	if p := SimCLR(128).Blurred2021(.5).Blurred(0); p != SimCLR(128) {
		t.Errorf("blur taken away: %+v", p)
	}
}

func TestJSON(t *testing.T) {
	want, _ := BYOL(32)
	want.BlurKernel, want.SolarizeP, want.SolarizeFirst = 1.5, 0.2, true
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var back Policy
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if back != want {
		t.Errorf("read back as %+v from %s", back, text)
	}
	for _, key := range []string{`"size":32`, `"flip_p":0.5`, `"jitter_p":0.8`, `"grayscale_p":0.2`,
		`"blur_p":1`, `"blur_sigma":[0.1,2]`, `"blur_kernel":1.5`, `"solarize_p":0.2`, `"solarize_first":true`} {
		if !strings.Contains(string(text), key) {
			t.Errorf("no %s in %s", key, text)
		}
	}
}

func BenchmarkView(b *testing.B) {
	d := testkit.XLA(b)
	for _, c := range []struct {
		name        string
		policy      Policy
		side, batch int
	}{
		{"size=32/blur=0/batch=64", SimCLR(32), 32, 64},
		{"size=32/blur=0/batch=512", SimCLR(32), 32, 512},
		{"size=128/blur=0/batch=64", SimCLR(128), 160, 64},
		{"size=128/blur=0.5/batch=64", SimCLR(128).Blurred(0.5), 160, 64},
		{"size=128/blur=0.5_2021/batch=64", SimCLR(128).Blurred2021(0.5), 160, 64},
	} {
		b.Run(c.name, func(b *testing.B) {
			exec, err := graph.NewExec(d.Backend, func(key, images *graph.Node) *graph.Node {
				return c.policy.View(key, Whole(images))
			})
			if err != nil {
				b.Fatal(err)
			}
			defer exec.Finalize()
			images := noise(c.batch, c.side)
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
			b.ReportMetric(float64(c.batch*b.N)/b.Elapsed().Seconds(), "views/s")
		})
	}
}
