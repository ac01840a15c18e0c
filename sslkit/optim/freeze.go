package optim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/nn"
)

// A Freeze keeps a part of the network as it is for the first epochs. Then its
// tensors begin to train as in a first step: slots are 0, and what counts steps
// begins with 1.
type Freeze struct {
	Path   string `json:"path"` // a parameter, or a folder of some: "online/prototypes"
	Epochs int    `json:"epochs"`
}

// Validate reports the first field that makes no sense.
func (f Freeze) Validate() error {
	if f.Path == "" {
		return fmt.Errorf("optim: freeze: no path")
	}
	if f.Epochs < 1 {
		return fmt.Errorf("optim: freeze: %s: epochs %d, want at least 1", f.Path, f.Epochs)
	}
	return nil
}

// Check reports a path that is none of a model's parameters.
func (f Freeze) Check(variables []nn.Variable) error {
	for _, v := range variables {
		if f.holds(v) {
			return nil
		}
	}
	return fmt.Errorf("optim: freeze: the model has no parameter %s, nor any below; it has those in %s", f.Path, strings.Join(folders(variables), ", "))
}

// folders are the parts that a model's parameters lie in: "online/backbone".
func folders(variables []nn.Variable) []string {
	var all []string
	for _, v := range variables {
		parts := strings.Split(v.Path, "/")
		if folder := strings.Join(parts[:min(2, len(parts))], "/"); !slices.Contains(all, folder) {
			all = append(all, folder)
		}
	}
	return all
}

func (f Freeze) holds(v nn.Variable) bool {
	return v.Path == f.Path || strings.HasPrefix(v.Path, f.Path+"/")
}

// thaw returns for each parameter the first step of the run, counted from 0, in
// which it is trained. The answer is false if that is step 0 for all of them.
//
//	result  [elements] int32
func (in Update) thaw(freeze []Freeze) (*graph.Node, bool) {
	perEpoch := in.Clock.Steps / max(1, in.Clock.Epochs)
	frozen := false
	first := func(v nn.Variable) (step int) {
		for _, f := range freeze {
			if f.holds(v) {
				step = max(step, f.Epochs*perEpoch)
			}
		}
		return step
	}
	for _, v := range in.Variables {
		frozen = frozen || first(v) > 0
	}
	if !frozen {
		return nil, false
	}
	g := in.Params.Graph()
	return in.tensors(func(v nn.Variable, _ func(*graph.Node) *graph.Node) *graph.Node {
		return graph.AddScalar(graph.Zeros(g, shapes.Make(dtypes.Int32, v.Size())), first(v))
	}), true
}
