package nn

import (
	"slices"

	"github.com/gomlx/gomlx/pkg/core/graph"
)

// PerView applies a network to every view of a batch, with batch norm's
// statistics taken per view. Views of one size follow each other in their order;
// the sizes follow in the order in which the views have them.
//
//	views   each [batch, …]; not all of them need have one size
//	result  one node per view, as forward returns it, in the views' order
//
// The mode decides whether views of one size go through in one pass (faster on a
// GPU) or in separate ones (faster on a CPU), and, in one pass on several devices, in which
// order: there the images of the views take turns, the first of each, the second of each,
// and so on, so that all views of an image stay on its device. The numbers are the same.
func PerView(scope *Scope, views []*graph.Node, forward func(scope *Scope, x *graph.Node) *graph.Node) []*graph.Node {
	outputs := make([]*graph.Node, len(views))
	for _, places := range sizes(views) {
		if !scope.Mode().JointViews || len(places) == 1 {
			for _, at := range places {
				outputs[at] = forward(scope, views[at])
			}
			continue
		}
		same := make([]*graph.Node, len(places))
		for i, at := range places {
			same[i] = views[at]
		}
		for i, output := range together(scope, same, forward) {
			outputs[places[i]] = output
		}
	}
	return outputs
}

// together takes views of one size through the network in one pass.
func together(scope *Scope, views []*graph.Node, forward func(scope *Scope, x *graph.Node) *graph.Node) []*graph.Node {
	scope.build.groups = len(views)
	defer func() { scope.build.groups = 1 }()
	if !scope.Mode().woven() {
		return graph.Split(forward(scope, graph.Concatenate(views, 0)), 0, len(views))
	}
	dims := slices.Clone(views[0].Shape().Dimensions)
	dims[0] *= len(views)
	out := forward(scope, graph.Reshape(graph.Stack(views, 1), dims...))
	dims = slices.Clone(out.Shape().Dimensions)
	dims[0] /= len(views)
	parts := graph.Split(graph.Reshape(out, slices.Insert(dims, 1, len(views))...), 1, len(views))
	for i, part := range parts {
		parts[i] = graph.Squeeze(part, 1)
	}
	return parts
}

// sizes lists the places of the views of each size.
func sizes(views []*graph.Node) [][]int {
	var all [][]int
	for i, view := range views {
		at := 0
		for at < len(all) && !views[all[at][0]].Shape().Equal(view.Shape()) {
			at++
		}
		if at == len(all) {
			all = append(all, nil)
		}
		all[at] = append(all[at], i)
	}
	return all
}
