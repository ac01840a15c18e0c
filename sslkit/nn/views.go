package nn

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
)

// PerView applies a network to every view of a batch, with batch norm's
// statistics taken per view, in the views' order.
//
//	views   each [batch, …]
//	result  one node per view, as forward returns it
//
// The mode decides whether the views go through in one pass (faster on a GPU)
// or in separate ones (faster on a CPU); the numbers are the same.
func PerView(scope *Scope, views []*graph.Node, forward func(scope *Scope, x *graph.Node) *graph.Node) []*graph.Node {
	if !scope.Mode().JointViews || len(views) == 1 {
		outputs := make([]*graph.Node, len(views))
		for i, view := range views {
			outputs[i] = forward(scope, view)
		}
		return outputs
	}
	scope.build.groups = len(views)
	defer func() { scope.build.groups = 1 }()
	return graph.Split(forward(scope, graph.Concatenate(views, 0)), 0, len(views))
}
