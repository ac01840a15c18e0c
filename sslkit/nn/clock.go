package nn

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// A Clock tells which step of a run is in work. What changes while a run trains,
// such as a target's momentum, is computed from it, so that one program makes all
// steps.
type Clock struct {
	Step  *graph.Node // scalar int32: steps of the run that are done
	Epoch *graph.Node // scalar int32: epochs that are done

	Steps  int // of the whole run
	Epochs int
}

// startClock is that of the first step of a run of one step.
func startClock(g *graph.Graph) Clock {
	zero := graph.Scalar(g, dtypes.Int32, 0)
	return Clock{Step: zero, Epoch: zero, Steps: 1, Epochs: 1}
}

// WithClock returns the model with the clock that [Scope.Clock] gives.
func (m Model) WithClock(c Clock) Model {
	m.build.clock = &c
	return m
}

// Clock returns the clock of the run. It panics in a graph that belongs to no
// run, such as that of an evaluation.
func (s *Scope) Clock() Clock {
	if s.build.clock == nil {
		panic(fmt.Errorf("nn: Clock: the graph has no clock: it is not a step of a run"))
	}
	return *s.build.clock
}

// WithKey returns the model with a source of random keys for [Scope.Key]: those
// that [op.KeyNodeAt] derives from the key with the counters first, first+1, ….
// The key must be another one in each step; lower counters are the caller's.
//
//	key  scalar uint64
func (m Model) WithKey(key *graph.Node, first int) Model {
	next := uint64(first)
	m.build.key = func() *graph.Node {
		next++
		return op.KeyNodeAt(key, next-1)
	}
	return m
}

// Key returns a random key, another one at each call and in each step of a run.
// It depends on seed, epoch, step and the number of the call alone. With a network
// that asks for keys, views in one pass make fewer calls than views in separate
// ones, see [PerView]: where both have to draw the same, ask before.
//
//	result  scalar uint64, as the functions of package op want it
//
// It panics in a graph without a source of keys.
func (s *Scope) Key() *graph.Node {
	if s.build.key == nil {
		panic(fmt.Errorf("nn: Key: the graph has no source of random keys"))
	}
	return s.build.key()
}

// Permutation returns a random order, another one at every call and step.
//
//	result  [n] int32, each of 0…n−1 once
//
// It panics in a graph without a source of random keys.
func (s *Scope) Permutation(n int) *graph.Node {
	if s.build.permutation != nil {
		return s.build.permutation(n)
	}
	return op.Permutation(s.Key(), n)
}

// WithPermutations returns the model with orders for [Scope.Permutation] that are
// not drawn, such as those of a reference.
func (m Model) WithPermutations(source func(n int) *graph.Node) Model {
	m.build.permutation = source
	return m
}

// Noise returns random numbers in [0, 1), others at every call and step.
//
//	result  [rows, n], at least float32
//
// It panics in a graph without a source of random keys.
func (s *Scope) Noise(rows, n int) *graph.Node {
	if s.build.noise != nil {
		return s.build.noise(rows, n)
	}
	return op.Uniform(s.Key(), rows, n)
}

// WithNoise returns the model with numbers for [Scope.Noise] that are not drawn, such
// as those of a reference.
func (m Model) WithNoise(source func(rows, n int) *graph.Node) Model {
	m.build.noise = source
	return m
}
