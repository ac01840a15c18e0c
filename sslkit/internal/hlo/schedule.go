package hlo

import (
	"errors"
	"regexp"
	"strings"
)

// thunk is a line of XLA's list of what it runs: its indentation, and its kind.
var thunk = regexp.MustCompile(`^( *)\d+: k(\w+)`)

// A Schedule is what XLA runs of a program. What a loop or a branch holds counts once.
type Schedule struct {
	Graphs   int // CUDA graphs
	InGraphs int // launches that are nodes of them
	Launches int // outside of graphs
}

// ReadSchedule reads the list of what it will run that XLA writes when it compiles
// (…thunk_sequence….txt).
func ReadSchedule(list string) (Schedule, error) {
	const none = -1
	var s Schedule
	graph := none // indentation of the graph in which the lines are
	last := none  // indentation of a line that is a launch, unless others turn out to be inside it
	end := func(indent int) {
		switch {
		case last == none || indent > last:
		case graph != none:
			s.InGraphs++
		default:
			s.Launches++
		}
		last = none
	}
	for line := range strings.Lines(list) {
		m := thunk.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		indent := len(m[1])
		end(indent)
		if indent <= graph {
			graph = none
		}
		if m[2] == "CommandBuffer" {
			s.Graphs++
			graph = indent
			continue
		}
		last = indent
	}
	end(0)
	if s == (Schedule{}) && strings.TrimSpace(list) != "" {
		return s, errors.New("hlo: the list of what XLA runs has no line that is known: the compiler is another version")
	}
	return s, nil
}
