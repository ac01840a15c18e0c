package nn

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
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
//	momentum  scalar float64 in [0, 1]; 1−momentum is formed in float64
//
// He et al., Momentum Contrast, 2020, arXiv:1911.05722, eq. 2.
// It panics if momentum is of another shape or type.
func (s *Scope) Target(momentum *graph.Node) *Scope {
	if !momentum.IsScalar() || momentum.DType() != dtypes.Float64 {
		panic(fmt.Errorf("nn: Target: momentum has shape %s, want a scalar float64", momentum.Shape()))
	}
	s.build.moves = append(s.build.moves, momentum)
	return s.TargetAsItIs()
}

// TargetAsItIs is the target network where it stands: the scope of [Scope.Target]
// without a move. Evaluation uses it.
func (s *Scope) TargetAsItIs() *Scope {
	return &Scope{path: s.path + "target/", follows: s.path + "online/", build: s.build}
}

// Redrawn returns the same folder of a target network, whose parameters are not copies
// of the online ones at first, but drawn for themselves. They follow those as others do.
func (s *Scope) Redrawn() *Scope {
	redrawn := *s
	redrawn.redrawn = true
	return &redrawn
}

// followed returns a target's parameter after all moves so far.
func (s *Scope) followed(name string, init Init, dims []int) *graph.Node {
	online := s.variable(params, Variable{Path: s.follows + name, Dims: dims, init: init})
	own := Variable{Path: s.path + name, Dims: dims, init: init, follows: s.follows + name, redrawn: s.redrawn}
	value := s.variable(buffers, own)
	return s.build.move(own, value, online)
}

// move makes the moves of a target's variable that it has not made yet.
func (b *build) move(d Variable, value, online *graph.Node) *graph.Node {
	for ; b.moved[d.Path] < len(b.moves); b.moved[d.Path]++ {
		momentum := b.moves[b.moved[d.Path]]
		keep := graph.ConvertDType(momentum, value.DType())
		take := graph.ConvertDType(graph.OneMinus(momentum), value.DType())
		value = graph.Add(graph.Mul(value, keep), graph.Mul(online, take))
	}
	b.values[d.Path] = graph.StopGradient(value)
	return b.values[d.Path]
}
