// Package hlo reads programs as XLA's compiler for GPUs leaves them: which kernels they
// are made of, how many bytes each moves and how many operations it makes, and what of them
// runs as CUDA graphs.
package hlo

//go:generate ./generate.sh

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
)

// A Program is an optimized program.
type Program struct {
	entry        *computation
	computations []*computation
}

// computation is a list of instructions, operands before their users.
type computation struct {
	list     []*instruction
	root     *instruction
	products Kernel // all that it multiplies
}

type instruction struct {
	*Instruction
	operands []*instruction
	calls    []*computation
	users    []*instruction
}

// Read reads a program in PJRT's format "hlo_with_config" or "hlo".
func Read(format string, program []byte) (*Program, error) {
	p, err := read(format, program)
	if err != nil {
		return nil, fmt.Errorf("hlo: %w", err)
	}
	return p, nil
}

func read(format string, program []byte) (*Program, error) {
	module := &Module{}
	options := proto.UnmarshalOptions{DiscardUnknown: true}
	switch format {
	case "hlo":
		if err := options.Unmarshal(program, module); err != nil {
			return nil, err
		}
	case "hlo_with_config":
		with := &ModuleWithConfig{}
		if err := options.Unmarshal(program, with); err != nil {
			return nil, err
		}
		module = with.GetHloModule()
	default:
		return nil, fmt.Errorf("the program is in format %q, want hlo or hlo_with_config", format)
	}
	p := &Program{}
	byID := map[int64]*computation{}
	for _, c := range module.GetComputations() {
		read, err := readComputation(c, byID)
		if err != nil {
			return nil, fmt.Errorf("computation %s: %w", c.GetName(), err)
		}
		byID[c.GetId()] = read
		p.computations = append(p.computations, read)
	}
	if p.entry = byID[module.GetEntryComputationId()]; p.entry == nil {
		return nil, fmt.Errorf("program %s has no computation %d to begin with", module.GetName(), module.GetEntryComputationId())
	}
	return p, nil
}

// readComputation reads a computation that calls only some of those known.
func readComputation(c *Computation, known map[int64]*computation) (*computation, error) {
	read := &computation{}
	byID := map[int64]*instruction{}
	for _, in := range c.GetInstructions() {
		i := &instruction{Instruction: in}
		if err := check(in.GetShape()); err != nil {
			return nil, fmt.Errorf("instruction %s: %w", in.GetName(), err)
		}
		for _, id := range in.GetOperandIds() {
			operand := byID[id]
			if operand == nil {
				return nil, fmt.Errorf("instruction %s: operand %d does not come before it", in.GetName(), id)
			}
			i.operands = append(i.operands, operand)
			operand.users = append(operand.users, i)
		}
		for _, id := range in.GetCalledComputationIds() {
			called := known[id]
			if called == nil {
				return nil, fmt.Errorf("instruction %s: computation %d does not come before it", in.GetName(), id)
			}
			i.calls = append(i.calls, called)
		}
		byID[in.GetId()] = i
		read.list = append(read.list, i)
	}
	if read.root = byID[c.GetRootId()]; read.root == nil {
		return nil, fmt.Errorf("it has no root %d", c.GetRootId())
	}
	read.products = read.countProducts()
	return read, nil
}

// check reports a shape whose size cannot be counted.
func check(s *Shape) error {
	for _, t := range s.GetTupleShapes() {
		if err := check(t); err != nil {
			return err
		}
	}
	size := int64(1)
	for _, d := range s.GetDimensions() {
		if d < 0 || d > 0 && size > math.MaxInt32*int64(math.MaxInt16)/d {
			return fmt.Errorf("shape %v", s.GetDimensions())
		}
		size *= d
	}
	return nil
}

// elements is how many numbers an array has.
func (s *Shape) elements() int64 {
	size := int64(1)
	for _, d := range s.GetDimensions() {
		size *= d
	}
	return size
}

// bytes is the size of an array, or of all arrays of a tuple.
func (s *Shape) bytes() int64 {
	if s.GetElementType() != Type_TUPLE {
		return s.elements() * s.GetElementType().size()
	}
	total := int64(0)
	for _, t := range s.GetTupleShapes() {
		total += t.bytes()
	}
	return total
}

// array is the shape, or the first of a tuple: library calls return their workspace, too.
func (s *Shape) array() *Shape {
	if t := s.GetTupleShapes(); len(t) > 0 {
		return t[0].array()
	}
	return s
}

// dim is the size of a dimension, 1 if there is none.
func (s *Shape) dim(d int64) int64 {
	if d < 0 || d >= int64(len(s.GetDimensions())) {
		return 1
	}
	return s.GetDimensions()[d]
}

// size is how many bytes a number takes in memory.
func (t Type) size() int64 {
	switch t {
	case Type_TUPLE, Type_TOKEN, Type_OPAQUE_TYPE, Type_INVALID:
		return 0
	case Type_S16, Type_U16, Type_F16, Type_BF16:
		return 2
	case Type_S32, Type_U32, Type_F32:
		return 4
	case Type_S64, Type_U64, Type_F64, Type_C64:
		return 8
	case Type_C128:
		return 16
	}
	return 1
}

// name is the type as XLA's text has it: bf16, f32.
func (t Type) name() string { return strings.ToLower(t.String()) }

// operand is the shape of an operand, an empty one if there is none.
func (i *instruction) operand(k int) *Shape {
	if k >= len(i.operands) {
		return nil
	}
	return i.operands[k].GetShape().array()
}

// notable are the opcodes that [Program.Operations] counts: those that a step is better
// without, and those that say how its data move.
var notable = []string{
	"sort", "topk", "while", "conditional", "scatter", "select-and-scatter", "reduce-window", "gather", "rng", "rng-bit-generator",
	"rng-get-and-update-state", "dynamic-slice", "dynamic-update-slice", "copy", "transpose", "reverse", "convolution", "dot",
	"fft", "cholesky", "triangular-solve", "infeed", "outfeed", "send", "recv",
}

// Operations counts the notable operations by XLA's name, whether they are kernels of their
// own or parts of one. Calls of libraries are under the name of what is called, but for
// convolutions and products.
func (p *Program) Operations() map[string]int {
	counts := map[string]int{}
	for _, c := range p.computations {
		for _, i := range c.list {
			switch target := i.GetCustomCallTarget(); {
			case slices.Contains(notable, i.GetOpcode()):
				counts[i.GetOpcode()]++
			case i.GetOpcode() == "custom-call" && convolutionKinds[target] == "" && !strings.HasPrefix(target, "__cublas"):
				counts[target]++
			}
		}
	}
	return counts
}
