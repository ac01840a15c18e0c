package method_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
)

// TestMSNPrototypes trains prototypes, or leaves them as they are.
func TestMSNPrototypes(t *testing.T) {
	network, c := smallTransformer()
	for _, train := range []bool{true, false} {
		m := c.msn()
		m.Train = train
		r := startRun(t, testkit.Open(t, device.Go), nn.Mode{Precision: device.F32}, m, network, c)
		prototypes := func() []float64 {
			if train {
				return slices.Clone(testkit.Part(t, r.vars.Params(), r.params(), "online/prototypes"))
			}
			return slices.Clone(testkit.Part(t, r.vars.Buffers(), r.buffers(), "prototypes"))
		}
		before := prototypes()
		r.step(t)
		if moved := !slices.Equal(prototypes(), before); moved != train {
			t.Errorf("train %t: whether prototypes move is %t", train, moved)
		}
	}
}

// TestMSNSeesAllPatches compares what the last patch of an image tells anchors.
func TestMSNSeesAllPatches(t *testing.T) {
	network, c := smallTransformer()
	d := testkit.Open(t, device.Go)
	for _, drop := range []bool{true, false} {
		m := c.msn()
		m.DropLast = drop
		m.Masking.Ratio = 0.001 // all tokens that are counted stay, but for one
		c.Mask.Length = []int{17, 17}
		if drop {
			c.Mask.Length = []int{16, 16}
		}
		kept := m.Masking.Kept(c.Mask.Length[0])
		if want := c.Mask.Length[0] - 1; kept != want {
			t.Fatalf("%d tokens are kept, want %d", kept, want)
		}
		r := startRun(t, d, nn.Mode{Precision: device.F32}, m, network, c)
		r.step(t)
		first := r.embedding
		r = startRun(t, d, nn.Mode{Precision: device.F32}, m, network, c)
		view := c.pictures(1)
		for image := range c.Batch { // the last pixel is one of the last patch
			end := (image + 1) * len(view.Data) / c.Batch
			view.Data[end-1] += 3
		}
		r.fixed[1] = view.Tensor(r.mode.Precision.ParamDType())
		r.step(t)
		if sees := !slices.Equal(r.embedding, first); sees == drop {
			t.Errorf("drop_last %t: whether anchors see the last patch is %t", drop, sees)
		}
	}
}

// TestMSNIsEvaluatedByTheTarget compares where evaluation looks.
func TestMSNIsEvaluatedByTheTarget(t *testing.T) {
	network, c := smallTransformer()
	for _, m := range []method.Method{c.msn(), method.PMSN{MSN: c.msn(), Exponent: 0.25}} {
		if path := method.EvaluatedPath(m); path != "target/backbone" {
			t.Errorf("%s is evaluated by %s", method.Name(m), path)
		}
		r := startRun(t, testkit.Open(t, device.Go), nn.Mode{Precision: device.F32}, m, network, c)
		testkit.Near(t, "features at first", r.features(t, m, 0), r.features(t, nil, 0), 1e-6)
		r.step(t)
		r.step(t)
		before := r.target()
		if slices.Equal(r.features(t, m, 0), r.features(t, nil, 0)) {
			t.Errorf("%s: the target has the features of the trained network", method.Name(m))
		}
		if !slices.Equal(r.target(), before) {
			t.Errorf("%s: evaluation moves the target", method.Name(m))
		}
	}
	if path := method.EvaluatedPath(goldenMethods["BYOL"](c)); path != method.BackbonePath {
		t.Errorf("BYOL is evaluated by %s", path)
	}
}

// TestMSNValidates names the field.
func TestMSNValidates(t *testing.T) {
	network, c := smallTransformer()
	for want, change := range map[string]func(m *method.PMSN){
		"method: PMSN: exponent 0, want":                     func(m *method.PMSN) { m.Exponent = 0 },
		"method: PMSN: 1 prototypes, want":                   func(m *method.PMSN) { m.Prototypes = 1 },
		"method: PMSN: sharpen 0, want":                      func(m *method.PMSN) { m.Sharpen = 0 },
		"method: PMSN: iterations -1, want":                  func(m *method.PMSN) { m.Iterations = -1 },
		"method: PMSN: even -1, want":                        func(m *method.PMSN) { m.Even = -1 },
		"method: PMSN: -1 small views, want":                 func(m *method.PMSN) { m.Small = -1 },
		"method: PMSN: temperature 0, want":                  func(m *method.PMSN) { m.Temperature = 0 },
		"method: PMSN: masking: ratio 0, want":               func(m *method.PMSN) { m.Masking.Ratio = 0 },
		"method: PMSN: projector: head: MLP: layers 1, want": func(m *method.PMSN) { m.Projector.Layers = 1 },
	} {
		m := method.PMSN{MSN: c.msn(), Exponent: 0.25}
		if err := m.Validate(network); err != nil {
			t.Fatal(err)
		}
		change(&m)
		if err := m.Validate(network); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if err := c.msn().Validate(backbone.Tiny()); err == nil || !strings.Contains(err.Error(), "want a ViT") {
		t.Errorf("on a ResNet: error %v", err)
	}
}
