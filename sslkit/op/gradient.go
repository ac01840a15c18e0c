package op

import (
	"errors"
	"runtime"
	"sync"
	"weak"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
)

// A gradient returns the gradients of a node's inputs, given the node and its own. It
// must not hold the node: it is kept as long as the node is.
type gradient func(y, dy *graph.Node) []*graph.Node

// withGradient gives a node a gradient of its own, in place of GoMLX's for nodes of its
// type. The type must be among those of init.
func withGradient(y *graph.Node, f gradient) *graph.Node {
	key := weak.Make(y)
	ownGradients.Store(key, f)
	runtime.AddCleanup(y, func(key weak.Pointer[graph.Node]) { ownGradients.Delete(key) }, key)
	return y
}

// ownGradients maps nodes (weak pointers to them) to their gradients.
var ownGradients sync.Map

func init() {
	for _, kind := range []graph.NodeType{graph.NodeTypeDotGeneral, graph.NodeTypeMax} {
		general := graph.VJPRegistration[kind]
		graph.VJPRegistration[kind] = func(y *graph.Node, vjps []*graph.Node, shape shapes.Shape) []*graph.Node {
			if own, ok := ownGradients.Load(weak.Make(y)); ok {
				return own.(gradient)(y, vjps[0])
			}
			return general(y, vjps, shape)
		}
	}
	graph.VJPRegistration[graph.NodeTypeReverse] = func(y *graph.Node, vjps []*graph.Node, _ shapes.Shape) []*graph.Node {
		own, ok := ownGradients.Load(weak.Make(y))
		if !ok {
			panic(errors.New("op: a gradient of graph.Reverse: want op.Reverse in its place"))
		}
		return own.(gradient)(y, vjps[0])
	}
	graph.VJPRegistration[graph.NodeTypeRsqrt] = func(y *graph.Node, vjps []*graph.Node, _ shapes.Shape) []*graph.Node {
		cube := graph.Mul(y, graph.Mul(y, y))
		return []*graph.Node{graph.MulScalar(graph.Mul(vjps[0], cube), -0.5)}
	}
}
