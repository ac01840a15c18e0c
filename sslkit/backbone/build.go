package backbone

import (
	"iter"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/nn"
)

// Build builds the network that is listed, with its variables in scope.
//
//	x       [batch, height, width, 3], or whatever the first layer takes
//	result  that of the last layer
//
// Some neighbours are computed as one layer, where nothing else takes the result of the
// first: in training a [BatchNorm] and its [ReLU], in evaluation a [Conv] and its
// [BatchNorm], whose factors then are in the weights.
//
// It panics if two layers have one name, or if a layer takes the result of none
// before it.
func Build(scope *nn.Scope, layers iter.Seq[Layer], x *graph.Node) *graph.Node {
	steps, err := steps(layers, scope.Mode().Training)
	if err != nil {
		panic(err)
	}
	y, err := Follow(steps, x, func(l Layer, in []*graph.Node) *graph.Node {
		if pair, ok := l.Kind.(pair); ok {
			return pair.build(scope, in[0])
		}
		return l.Forward(scope.In(l.Path), in...)
	})
	if err != nil {
		panic(err)
	}
	return y
}

// A pair is two layers as one.
type pair struct {
	Kind          // of the second
	first, second Layer
}

// pairs reports whether two layers can be a pair.
func pairs(first, second Kind, training bool) bool {
	if training {
		_, norm := first.(BatchNorm)
		_, relu := second.(ReLU)
		return norm && relu
	}
	_, conv := first.(Conv)
	_, norm := second.(BatchNorm)
	return conv && norm
}

func (p pair) build(scope *nn.Scope, x *graph.Node) *graph.Node {
	switch first := p.first.Kind.(type) {
	case BatchNorm:
		return nn.SplitBatchNormReLU(scope.In(p.first.Path), x, first.Splits)
	case Conv:
		return first.normed(scope.In(p.first.Path), scope.In(p.second.Path), x, p.second.Kind.(BatchNorm))
	}
	panic("unreachable: layers that are no pair")
}

// steps lists layers and pairs of them. A pair has the name of its second layer.
func steps(layers iter.Seq[Layer], training bool) (iter.Seq[Layer], error) {
	taken := map[string]int{} // how many layers take the result of each
	_, err := Follow(layers, Input, func(l Layer, in []string) string {
		for _, name := range in {
			taken[name]++
		}
		return l.Name
	})
	return func(yield func(Layer) bool) {
		var before *Layer // not yielded yet
		for l := range layers {
			if before != nil {
				if len(l.From) == 0 && taken[before.Name] == 1 && pairs(before.Kind, l.Kind, training) {
					l = Layer{Name: l.Name, From: before.From, Kind: pair{l.Kind, *before, l}}
				} else if !yield(*before) {
					return
				}
			}
			before = &l
		}
		if before != nil {
			yield(*before)
		}
	}, err
}
