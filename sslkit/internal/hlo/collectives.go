package hlo

import (
	"slices"
	"strings"
)

// A Collective is what all devices of a program do together: they exchange or add up what
// each has.
type Collective struct {
	Kind string // XLA's: "all-reduce", "all-gather", "reduce-scatter", "all-to-all", "collective-permute"
	Type string // of the numbers: "f32", or "bf16+f32"

	// Bytes are those of the results on one device, all tensors of a combined collective
	// together; of a reduce-scatter those of what goes in.
	Bytes int64
}

var collectiveKinds = []string{
	"all-reduce", "all-gather", "reduce-scatter", "all-to-all", "ragged-all-to-all", "collective-permute", "collective-broadcast",
}

// collective is the kind of a collective, or "" for other instructions, and whether the
// instruction only awaits its end.
func (i *instruction) collective() (kind string, awaits bool) {
	kind, awaits = strings.CutSuffix(i.GetOpcode(), "-done")
	if !awaits {
		kind, _ = strings.CutSuffix(kind, "-start")
	}
	if !slices.Contains(collectiveKinds, kind) {
		return "", false
	}
	return kind, awaits
}

// Collectives lists the program's, in no order. Those of a loop or a branch are listed once.
func (p *Program) Collectives() []Collective {
	var list []Collective
	for _, c := range p.computations {
		for _, i := range c.list {
			if kind, awaits := i.collective(); kind != "" && !awaits {
				list = append(list, i.describe(kind))
			}
		}
	}
	return list
}

// describe says how much a collective moves. One that is only begun here has, but for an
// all-reduce, what goes in beside its results.
func (i *instruction) describe(kind string) Collective {
	results := i.GetShape()
	if i.GetOpcode() == kind+"-start" && kind != "all-reduce" && len(results.GetTupleShapes()) > 1 {
		results = results.GetTupleShapes()[1]
	}
	c := Collective{Kind: kind, Bytes: results.bytes(), Type: strings.Join(results.types(), "+")}
	if kind == "reduce-scatter" {
		c.Bytes = 0
		for _, operand := range i.operands {
			c.Bytes += operand.GetShape().bytes()
		}
	}
	return c
}

// types are those of an array or of a tuple's arrays, in order, each once.
func (s *Shape) types() []string {
	if s.GetElementType() != Type_TUPLE {
		return []string{s.GetElementType().name()}
	}
	var names []string
	for _, t := range s.GetTupleShapes() {
		names = append(names, t.types()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
