package hlo

import (
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
)

const recordedFormat = "hlo_with_config"

// recordedBytes is a small program as XLA left it for an H100; package device's test
// TestRecordedProgram says which, and records it.
func recordedBytes(t testing.TB) []byte {
	t.Helper()
	program, err := os.ReadFile("testdata/recorded." + recordedFormat)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func recorded(t testing.TB) *Program {
	t.Helper()
	p, err := Read(recordedFormat, recordedBytes(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// kernel returns the only kernel for which is holds.
func kernel(t testing.TB, p *Program, what string, is func(Kernel) bool) Kernel {
	t.Helper()
	var found []Kernel
	for _, k := range p.Kernels() {
		if is(k) {
			found = append(found, k)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s: %d kernels, want 1: %+v", what, len(found), found)
	}
	return found[0]
}

// The recorded program has images [16, 8, 8, 32] and weights [3, 3, 32, 64] in bf16.
func TestConvolutions(t *testing.T) {
	const (
		images, weights, results = 2 * 16 * 8 * 8 * 32, 2 * 3 * 3 * 32 * 64, 2 * 16 * 8 * 8 * 64
		flops                    = 2.0 * 16 * 8 * 8 * 64 * 3 * 3 * 32
	)
	p := recorded(t)
	for kind, bytes := range map[string][2]int64{
		"forward":         {images + weights, results},
		"input gradient":  {results + weights, images},
		"filter gradient": {images + results, weights},
	} {
		k := kernel(t, p, kind, func(k Kernel) bool { return k.Convolution != nil && k.Convolution.Kind == kind })
		if k.Convolution.Type != "bf16" || k.Convolution.Layout != "NHWC" || k.Factors != "bf16" || k.FLOPs != flops {
			t.Errorf("%s: %+v of %+v, want bf16, NHWC and %g FLOPs", kind, *k.Convolution, k, flops)
		}
		if workspace := k.Written - bytes[1]; k.Read != bytes[0] || workspace < 0 || workspace > 1<<20 {
			t.Errorf("%s: reads %d and writes %d, want %d and %d with a workspace", kind, k.Read, k.Written, bytes[0], bytes[1])
		}
	}
}

// The product of [256, 256] float32 with itself is not rounded to TF32, and a row of the
// same matrix is changed in place.
func TestKernels(t *testing.T) {
	p := recorded(t)
	const matrix = 4 * 256 * 256
	product := kernel(t, p, "product", func(k Kernel) bool { return k.Convolution == nil && k.FLOPs > 0 })
	if product.FLOPs != 2*256*256*256 || product.Factors != "f32" || !product.Full {
		t.Errorf("product: %+v", product)
	}
	row := kernel(t, p, "update", func(k Kernel) bool { return strings.Contains(k.Name, "dynamic_update_slice") })
	if row.Written != 4*256 || row.Read > matrix/2 {
		t.Errorf("a row changed in place: reads %d, writes %d, want a row of %d", row.Read, row.Written, 4*256)
	}
	sort := kernel(t, p, "sort", func(k Kernel) bool { return strings.HasPrefix(k.Name, "sort") })
	if want := int64(2 * 16 * 8 * 8 * 32); sort.Read != want || sort.Written != want || sort.FLOPs != 0 {
		t.Errorf("sort: %+v, want %d bytes each way", sort, want)
	}
	if n := p.Operations(); n["sort"] != 1 || n["dot"] != 1 || n["dynamic-update-slice"] != 1 || n["while"] != 0 || n["add"] != 0 {
		t.Errorf("operations %v", n)
	}
}

// A fusion reads of an operand what it uses of it: slices, but all of it where something
// else needs it, too.
func TestSlicesOfOperands(t *testing.T) {
	vector := func(n int64) *Shape { return &Shape{ElementType: Type_F32, Dimensions: []int64{n}} }
	program := func(more ...*Instruction) *Program {
		inner := append([]*Instruction{
			{Id: 1, Opcode: "parameter", Shape: vector(1000)},
			{Id: 2, Opcode: "bitcast", Shape: vector(1000), OperandIds: []int64{1}},
			{Id: 3, Opcode: "slice", Shape: vector(10), OperandIds: []int64{2}},
		}, more...)
		data, err := proto.Marshal(&Module{EntryComputationId: 2, Computations: []*Computation{
			{Id: 1, Name: "fused", RootId: 3, Instructions: inner},
			{Id: 2, Name: "main", RootId: 2, Instructions: []*Instruction{
				{Id: 1, Opcode: "parameter", Shape: vector(1000)},
				{Id: 2, Opcode: "fusion", Shape: vector(10), OperandIds: []int64{1, 1}, CalledComputationIds: []int64{1}},
			}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		p, err := Read("hlo", data)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	second := &Instruction{Id: 4, Opcode: "parameter", ParameterNumber: 1, Shape: vector(1000)}
	for what, c := range map[string]struct {
		more []*Instruction
		want int64
	}{
		"a slice of each":   {[]*Instruction{second, {Id: 5, Opcode: "slice", Shape: vector(20), OperandIds: []int64{4}}}, 80},
		"all of the second": {[]*Instruction{second, {Id: 5, Opcode: "negate", Shape: vector(1000), OperandIds: []int64{4}}}, 4000},
	} {
		if k := program(c.more...).Kernels(); len(k) != 1 || k[0].Read != c.want || k[0].Written != 40 {
			t.Errorf("%s: %+v, want %d bytes read and 40 written", what, k, c.want)
		}
	}
}

// What does not fit together is an error, not a panic.
func TestReadErrors(t *testing.T) {
	for _, c := range []struct {
		want   string
		module *Module
	}{
		{"no computation 7", &Module{EntryComputationId: 7}},
		{"no root", &Module{Computations: []*Computation{{Name: "main"}}}},
		{"operand 9", &Module{Computations: []*Computation{{Instructions: []*Instruction{{Name: "add", OperandIds: []int64{9}}}}}}},
		{"computation 9", &Module{Computations: []*Computation{{Instructions: []*Instruction{{Name: "fusion", CalledComputationIds: []int64{9}}}}}}},
		{"shape [-1]", &Module{Computations: []*Computation{{Instructions: []*Instruction{{Shape: &Shape{Dimensions: []int64{-1}}}}}}}},
		{"shape [", &Module{Computations: []*Computation{{Instructions: []*Instruction{{Shape: &Shape{Dimensions: []int64{1 << 40, 1 << 40}}}}}}}},
	} {
		data, err := proto.Marshal(c.module)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read("hlo", data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
	if _, err := Read("mlir", nil); err == nil || !strings.Contains(err.Error(), "hlo_with_config") {
		t.Errorf("another format: error %v", err)
	}
}

// Damaged programs give an error or numbers, and end.
func FuzzRead(f *testing.F) {
	program := recordedBytes(f)
	for at := 0; at < len(program); at += len(program) / 40 {
		f.Add(program[:at])
	}
	f.Add(program)
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Read(recordedFormat, data)
		if err != nil {
			return
		}
		p.Operations()
		for _, k := range p.Kernels() {
			if k.Read < 0 || k.Written < 0 || k.FLOPs < 0 {
				t.Errorf("kernel %+v", k)
			}
		}
	})
}

func TestReadSchedule(t *testing.T) {
	text, err := os.ReadFile("testdata/recorded.schedule.txt")
	if err != nil {
		t.Fatal(err)
	}
	got, err := ReadSchedule(string(text))
	if want := (Schedule{Graphs: 1, InGraphs: 23, Launches: 0}); err != nil || got != want {
		t.Errorf("recorded: %+v, %v; want %+v", got, err, want)
	}
	const loop = "001: kCopy  [source       | next=003 (2)] kCopy\n" +
		"002: kWhile [prev=002 (1) | sink        ]   \n" +
		"    condition:\n" +
		"        003: kCustomKernel [source | sink] loop_compare_fusion\n" +
		"      body:\n" +
		"        000: kCommandBuffer [source | next=006 (1)] \n" +
		"            004: kCustomKernel [source | sink] loop_pad_fusion\n" +
		"            005: kConvolution [source | sink] kConvolution\n" +
		"        006: kCustomKernel [prev=000 (1) | sink] loop_reduce_fusion\n" +
		"\n" +
		"000: kCommandBuffer [prev=002 (1) | sink] \n" +
		"    007: kCopy         [source | sink] kCopy\n"
	got, err = ReadSchedule(loop)
	if want := (Schedule{Graphs: 2, InGraphs: 3, Launches: 3}); err != nil || got != want {
		t.Errorf("a loop: %+v, %v; want %+v", got, err, want)
	}
	if _, err := ReadSchedule("1. a kernel\n"); err == nil {
		t.Error("no error for a list in another form")
	}
	if got, err := ReadSchedule("\n"); err != nil || got != (Schedule{}) {
		t.Errorf("nothing to run: %+v, %v", got, err)
	}
}
