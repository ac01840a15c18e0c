package method_test

import (
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
)

// Careless says that it mixes, and does not.
type Careless struct{ method.SimCLR }

func (m Careless) Loss(step method.Step) method.Output {
	z := step.Projections(m.Projector, step.Full)
	return method.Output{Loss: graph.ReduceAllMean(z[0]), Embedding: z[0]}
}

func TestUnMixValidates(t *testing.T) {
	network, c := small()
	good := goldenMethods["UnMix"](c).(method.UnMix)
	for want, spoil := range map[string]func(m *method.UnMix){
		"method: UnMix: base is not set":                func(m *method.UnMix) { m.Base = nil },
		"method: UnMix: global 1.5, want a probability": func(m *method.UnMix) { m.Global = 1.5 },
		"method: UnMix: base: method: SimCLR: temp":     func(m *method.UnMix) { m.Base = method.SimCLR{} },
	} {
		m := good
		spoil(&m)
		if err := m.Validate(network); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	for text, want := range map[string]string{
		`{"UnMix": {"base": {"MAE": {}}, "global": 0.5}}`:    "base is MAE, want a method that compares mixtures",
		`{"UnMix": {"base": {"SimCLR": {}}, "globe": 0.5}}`:  `unknown field "globe"`,
		`{"UnMix": {"base": {"SimKLR": {}}, "global": 0.5}}`: `unknown method "SimKLR"`,
	} {
		if _, err := method.Types.Read([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", text, err, want)
		}
	}
	if _, err := method.Types.Write(method.UnMix{}); err == nil || !strings.Contains(err.Error(), "no method is set") {
		t.Errorf("without a base: error %v", err)
	}
	base := Careless{goldenMethods["SimCLR"](c).(method.SimCLR)}
	_, err := nn.Declare(testkit.Open(t, device.Go).Backend, nn.Mode{Precision: device.F32}, func(scope *nn.Scope) {
		x := c.pictures(0).Tensor(device.F32.ParamDType())
		views := []*graph.Node{graph.Const(scope.Graph(), x), graph.Const(scope.Graph(), x)}
		method.UnMix{Base: base, Global: 0.5}.Loss(method.NewStep(base, scope, network, views))
	})
	if err == nil || !strings.Contains(err.Error(), "base: Careless does not use Step.Mix") {
		t.Errorf("a base that does not mix: error %v", err)
	}
}
