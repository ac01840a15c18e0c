package device

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// signature is a program of one line, in the form that go-xla writes.
func signature(name, inputs, outputs string) string {
	return "module @" + name + " {\n  func.func @main(" + inputs + ") -> (" + outputs + ") {\n    \"stablehlo.return\"(%arg0, %arg1)\n  }\n}\n"
}

func TestInPlace(t *testing.T) {
	const (
		inputs  = "%arg0: tensor<4x2xf32>, %arg1: tensor<i32>, %arg2: tensor<i32>"
		outputs = "tensor<4x2xf32>, tensor<i32>"
		marked  = "%arg0: tensor<4x2xf32> {tf.aliasing_output = 0 : i32}, %arg1: tensor<i32> {tf.aliasing_output = 1 : i32}, %arg2: tensor<i32>"
	)
	for _, name := range []string{"step_in_place_2", "step_in_place_2_1", "a_in_place_1_in_place_2_13"} {
		if got, want := string(inPlace([]byte(signature(name, inputs, outputs)))), signature(name, marked, outputs); got != want {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
	}
	const (
		whole      = "{ sdy.sharding = #sdy.sharding<@mesh, [{}, {}]> }"
		part       = "{ sdy.sharding = #sdy.sharding<@mesh, [{}, {\"devices\"}]> }"
		ofSeveral  = "%arg0: tensor<4x2xf32> " + whole + ", %arg1: tensor<4x2xf32> " + part
		changed    = "tensor<4x2xf32> " + whole + ", tensor<4x2xf32> " + whole
		markedHere = "%arg0: tensor<4x2xf32> { sdy.sharding = #sdy.sharding<@mesh, [{}, {}]>, tf.aliasing_output = 0 : i32 }, %arg1: tensor<4x2xf32> " + part
	)
	if got, want := string(inPlace([]byte(signature("step_in_place_1", ofSeveral, changed)))), signature("step_in_place_1", markedHere, changed); got != want {
		t.Errorf("for several devices: %s\nwant %s", got, want)
	}
	for what, program := range map[string]string{
		"split otherwise":  signature("step_in_place_2", ofSeveral, changed),
		"no name":          signature("step_1", inputs, outputs),
		"name of a part":   signature("step_in_place_2_more", inputs, outputs),
		"too many":         signature("step_in_place_3_1", inputs, outputs),
		"far too many":     signature("step_in_place_99999999999999999999_1", inputs, outputs),
		"another shape":    signature("step_in_place_2_1", inputs, "tensor<2x4xf32>, tensor<i32>"),
		"another type":     signature("step_in_place_2_1", inputs, "tensor<4x2xf32>, tensor<ui32>"),
		"marks of others":  signature("step_in_place_2_1", strings.Replace(inputs, "<i32>", "<i32> {jax.buffer_donor = true}", 1), outputs),
		"one output":       strings.Replace(signature("step_in_place_1_1", inputs, outputs), "("+outputs+")", "tensor<4x2xf32>", 1),
		"another function": strings.ReplaceAll(signature("step_in_place_2_1", inputs, outputs), "@main", "@other"),
		"bytecode":         "ML\xefR\rStableHLO_v1.0.0\x00step_in_place_2_1",
		"nothing":          "",
	} {
		if got := string(inPlace([]byte(program))); got != program {
			t.Errorf("%s: the program became %s", what, got)
		}
	}
}

// overrides reads XLA's flags from serialized options.
func overrides(t *testing.T, options []byte) map[string]string {
	t.Helper()
	fields := func(data []byte) map[protowire.Number][]byte {
		found := map[protowire.Number][]byte{}
		for len(data) > 0 {
			number, kind, n := protowire.ConsumeField(data)
			_, _, tag := protowire.ConsumeTag(data)
			if n < 0 || kind != protowire.BytesType {
				t.Fatalf("%x is no list of fields", data)
			}
			found[number], _ = protowire.ConsumeBytes(data[tag:])
			data = data[n:]
		}
		return found
	}
	flags := map[string]string{}
	if entry, ok := fields(options)[7]; ok {
		flag := fields(entry)
		flags[string(flag[1])] = string(fields(flag[2])[1])
	}
	return flags
}

// Convolutions lie in CUDA graphs unless the user wants it otherwise.
func TestGraphsHoldConvolutions(t *testing.T) {
	options := protowire.AppendBytes(protowire.AppendTag(nil, 3, protowire.BytesType), []byte{0x20, 1, 0x28, 1})
	for _, c := range []struct {
		kind  Kind
		flags string
		want  string
	}{
		{CUDA, "", graphsOf},
		{CUDA, "--xla_gpu_autotune_level=2", graphsOf},
		{CUDA, "--xla_gpu_enable_command_buffer=-CONVOLUTION", ""},
		{CUDA, "--xla_gpu_enable_command_buffer=", ""},
		{CPU, "", ""},
	} {
		t.Setenv("XLA_FLAGS", c.flags)
		program, got := edited(c.kind, []byte("program"), options)
		if flag := overrides(t, got)[graphsFlag]; flag != c.want || string(program) != "program" {
			t.Errorf("%s with %q: graphs hold %q, want %q; program %q", c.kind, c.flags, flag, c.want, program)
		}
		if !strings.HasPrefix(string(got), string(options)) || len(options) != 6 {
			t.Errorf("%s with %q: options %x became %x", c.kind, c.flags, options, got)
		}
	}
	if !strings.HasSuffix(graphsOf, ",CONVOLUTION") {
		t.Errorf("graphs hold %s", graphsOf)
	}
}

func TestAdvice(t *testing.T) {
	capture := errors.New("INTERNAL: Failed to trace command buffer: operation not permitted when stream is capturing")
	for _, c := range []struct {
		kind  Kind
		flags string
		err   error
		want  bool
	}{
		{CUDA, "", capture, true},
		{CUDA, "--xla_gpu_enable_command_buffer=-CONVOLUTION", capture, false}, // it did not help
		{CUDA, "", errors.New("RESOURCE_EXHAUSTED: out of memory"), false},
		{CPU, "", capture, false},
	} {
		t.Setenv("XLA_FLAGS", c.flags)
		advice := (&Device{Kind: c.kind}).Advice(c.err)
		if got := strings.Contains(advice, "XLA_FLAGS=--xla_gpu_enable_command_buffer=-CONVOLUTION"); got != c.want || !c.want && advice != "" {
			t.Errorf("%s with %q: %v: advice %q", c.kind, c.flags, c.err, advice)
		}
	}
}

// oneDNN's convolutions are for programs of one accelerator.
func TestPartitioned(t *testing.T) {
	for header, want := range map[string]bool{
		"module @step {\n": false,
		"module @step attributes {stablehlo.num_replicas = 1,  stablehlo.num_partitions = 1} {\n": false,
		"module @step attributes {stablehlo.num_replicas = 1,  stablehlo.num_partitions = 8} {\n": true,
	} {
		if got := partitioned([]byte(header)); got != want {
			t.Errorf("%q: %t, want %t", header, got, want)
		}
	}
}
