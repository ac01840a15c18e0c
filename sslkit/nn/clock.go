package nn

import "github.com/gomlx/gomlx/pkg/core/graph"

// A Clock tells which step of a run is in work. What changes while a run trains,
// such as a target's momentum, is computed from it, so that one program makes all
// steps.
type Clock struct {
	Step  *graph.Node // scalar int32: steps of the run that are done
	Epoch *graph.Node // scalar int32: epochs that are done

	Steps  int // of the whole run
	Epochs int
}
