package nn

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
)

// Target moves the target network once towards the online one, and returns its
// scope, the folder "target" beside "online". Every parameter there follows the
// one of the same name in "online",
//
//	θ' ← momentum·θ' + (1−momentum)·θ
//
// before anything uses it, and starts as its copy; no gradient reaches it. Its
// buffers, such as running statistics, are its own. Calling Target again moves
// the network again: later uses see it there.
//
// He et al., Momentum Contrast, 2020, arXiv:1911.05722, eq. 2.
// It panics if momentum is not in [0, 1].
func (s *Scope) Target(momentum float64) *Scope {
	if !(momentum >= 0 && momentum <= 1) {
		panic(fmt.Errorf("nn: Target: momentum %g, want one in [0, 1]", momentum))
	}
	s.build.moves = append(s.build.moves, momentum)
	return &Scope{path: s.path + "target/", follows: s.path + "online/", build: s.build}
}

// followed returns a target's parameter after all moves so far.
func (s *Scope) followed(name string, init Init, dims []int) *graph.Node {
	online := s.variable(params, Variable{Path: s.follows + name, Dims: dims, init: init})
	own := Variable{Path: s.path + name, Dims: dims, init: init, follows: s.follows + name}
	value := s.variable(buffers, own)
	return s.build.move(own, value, online)
}

// move makes the moves of a target's variable that it has not made yet.
func (b *build) move(d Variable, value, online *graph.Node) *graph.Node {
	for ; b.moved[d.Path] < len(b.moves); b.moved[d.Path]++ {
		momentum := b.moves[b.moved[d.Path]]
		value = graph.Add(graph.MulScalar(value, momentum), graph.MulScalar(online, 1-momentum))
	}
	b.values[d.Path] = graph.StopGradient(value)
	return b.values[d.Path]
}

// WithPermutations returns the model with a source of random orders for
// [Scope.Permutation].
func (m Model) WithPermutations(source func(n int) *graph.Node) Model {
	m.build.permutation = source
	return m
}

// Permutation returns a random order, another one at every call and step.
//
//	result  [n] int32, each of 0…n−1 once
//
// It panics in a graph without a source of random orders.
func (s *Scope) Permutation(n int) *graph.Node {
	if s.build.permutation == nil {
		panic(fmt.Errorf("nn: Permutation: the graph has no source of random orders"))
	}
	return s.build.permutation(n)
}
