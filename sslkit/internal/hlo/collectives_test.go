package hlo

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
)

// Collectives are counted once, begun and awaited or not, as parts of others or not, and are no kernels.
func TestCollectives(t *testing.T) {
	array := func(of Type, n int64) *Shape { return &Shape{ElementType: of, Dimensions: []int64{n}} }
	tuple := func(parts ...*Shape) *Shape { return &Shape{ElementType: Type_TUPLE, TupleShapes: parts} }
	small, large := array(Type_F32, 10), array(Type_F32, 80)
	data, err := proto.Marshal(&Module{EntryComputationId: 2, Computations: []*Computation{
		{Id: 1, Name: "wrapped", RootId: 2, Instructions: []*Instruction{
			{Id: 1, Opcode: "parameter", Shape: small},
			{Id: 2, Opcode: "all-reduce", Shape: small, OperandIds: []int64{1}},
		}},
		{Id: 2, Name: "main", RootId: 9, Instructions: []*Instruction{
			{Id: 1, Opcode: "parameter", Shape: small},
			{Id: 2, Opcode: "async-start", Shape: tuple(tuple(small), small), OperandIds: []int64{1}, CalledComputationIds: []int64{1}},
			{Id: 3, Opcode: "async-done", Shape: small, OperandIds: []int64{2}},
			{Id: 4, Opcode: "all-gather-start", Shape: tuple(small, large), OperandIds: []int64{3}},
			{Id: 5, Opcode: "all-gather-done", Shape: large, OperandIds: []int64{4}},
			{Id: 6, Opcode: "reduce-scatter", Shape: small, OperandIds: []int64{5}},
			{Id: 7, Opcode: "convert", Shape: array(Type_BF16, 10), OperandIds: []int64{6}},
			{Id: 8, Opcode: "all-to-all", Shape: tuple(array(Type_BF16, 10), small), OperandIds: []int64{7, 6}},
			{Id: 9, Opcode: "get-tuple-element", Shape: small, OperandIds: []int64{8}},
		}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Read("hlo", data)
	if err != nil {
		t.Fatal(err)
	}
	want := []Collective{{"all-reduce", "f32", 40}, {"all-gather", "f32", 320}, {"reduce-scatter", "f32", 320}, {"all-to-all", "bf16+f32", 60}}
	if diff := cmp.Diff(want, p.Collectives()); diff != "" {
		t.Errorf("collectives (-want +got):\n%s", diff)
	}
	if k := p.Kernels(); len(k) != 1 || k[0].Read != 40 || k[0].Written != 20 {
		t.Errorf("kernels %+v, want the conversion alone", k)
	}
}
