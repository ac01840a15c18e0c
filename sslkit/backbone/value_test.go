package backbone_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/google/go-cmp/cmp"
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
	var v backbone.Value
	if err := json.Unmarshal([]byte(text), &v); err == nil || !strings.Contains(err.Error(), `unknown backbone "Mean": want one of ResNet`) {
		t.Errorf("before it is registered: error %v", err)
	}
	for range 2 { // a second time does no harm
		backbone.Register(Mean{})
	}
	want := backbone.Value{Backbone: Mean{Out: 3}}
	written, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(written, &v); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Errorf("written and read (-want +got):\n%s", diff)
	}
	defer func() {
		if failure, ok := recover().(error); !ok || !strings.Contains(failure.Error(), "there is a backbone ResNet already") {
			t.Errorf("two backbones of one name: %v", failure)
		}
	}()
	type ResNet struct{ Mean }
	backbone.Register(ResNet{})
}

// What older versions have written of a ResNet is read as they meant it.
func TestReadOlderForm(t *testing.T) {
	for text, want := range map[string]backbone.ResNet{
		`{"ResNet": {"width": 8, "blocks": [1], "splits": 4}}`: {Width: 8, Blocks: []int{1}, Splits: 4},
		`{"width": 8, "blocks": [1], "splits": 4}`:             {Width: 8, Blocks: []int{1}, Splits: 4},
		`{"width": 8, "blocks": [1]}`:                          {Width: 8, Blocks: []int{1}, Splits: 1},
	} {
		var v backbone.Value
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(backbone.Value{Backbone: want}, v); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	for text, want := range map[string]string{
		`{"ResNet": {"depth": 8}}`:    `unknown field "depth"`,
		`{"width": 8, "depth": 8}`:    `unknown field "depth"`,
		`{"ViT": {"depth": 8}}`:       `unknown backbone "ViT"`,
		`[8]`:                         "want one backbone by name",
		`{"ResNet": {}, "Other": {}}`: `unknown field`,
	} {
		var v backbone.Value
		if err := json.Unmarshal([]byte(text), &v); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one about %s", text, err, want)
		}
	}
}

func TestValueOfNone(t *testing.T) {
	if _, err := json.Marshal(backbone.Value{}); err == nil || !strings.Contains(err.Error(), "no backbone is set") {
		t.Errorf("error %v", err)
	}
}
