package method

import (
	"context"

	"github.com/gossl/gossl/sslkit/nn"
)

// A Pauser is a method that computes something on the host between steps, what no graph
// can, such as a clustering. Training pauses for it; how long is in the results.
type Pauser interface {
	// Pauses says whether there is something to do before a step of the run, counted
	// from 0. It depends on the step alone.
	Pauses(step int) bool

	// Pause does it. All that it computes depends on the pause, so that a run which was
	// stopped goes on to the same numbers. A context that has ended is an error, and what
	// was set then does not count.
	Pause(ctx context.Context, p Pause) error
}

// A Pause is the time between two steps.
type Pause struct {
	Step   int        // the next one of the run, counted from 0
	Key    uint64     // for what is random, another one in each pause of a run
	Values *nn.Values // the variables, to be read and set; the optimizer's vectors stay
}
