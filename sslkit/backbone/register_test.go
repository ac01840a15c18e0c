package backbone_test

import (
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/nn"
)

// Mean is a program's own backbone: a dense layer on the mean colour.
type Mean struct {
	Out int `json:"out"`
}

func (m Mean) Forward(scope *nn.Scope, x *graph.Node) *graph.Node {
	return nn.Dense(scope.In("dense"), nn.GlobalAveragePool(x), m.Out, true)
}

func (m Mean) Features() int             { return m.Out }
func (m Mean) Shrunk() backbone.Backbone { return Mean{Out: 1} }
func (m Mean) Validate() error           { return nil }

func TestRegister(t *testing.T) {
	const text = `{"Mean": {"out": 3}}`
	if _, err := backbone.Types.Read([]byte(text)); err == nil || !strings.Contains(err.Error(), `unknown backbone "Mean": want one of ResNet`) {
		t.Errorf("before it is registered: error %v", err)
	}
	for range 2 { // a second time does no harm
		backbone.Register(Mean{})
	}
	written, err := backbone.Types.Write(Mean{Out: 3})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := backbone.Types.Read(written); err != nil || got != (Mean{Out: 3}) {
		t.Errorf("written as %s and read as %+v, error %v", written, got, err)
	}
	defer func() {
		if failure, ok := recover().(error); !ok || !strings.Contains(failure.Error(), "there is a backbone ResNet already") {
			t.Errorf("two backbones of one name: %v", failure)
		}
	}()
	type ResNet struct{ Mean }
	backbone.Register(ResNet{})
}
