package device

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gossl/gossl/sslkit/internal/onednn"
)

// edited returns a program and its options as XLA gets them on a kind of device: GoMLX and
// go-xla have no way to say what is added here. What it does not understand it leaves as it is.
//
//	program  StableHLO as text
//	options  a serialized xla.CompileOptionsProto
func edited(kind Kind, program, options []byte) (newProgram, newOptions []byte) {
	if kind == CUDA && !hasXLAFlag("--"+graphsFlag) {
		options = withFlag(options, graphsFlag, graphsOf)
	}
	if kind == CPU && slots[CPU].oneDNN != "" && !partitioned(program) {
		var counts onednn.Counts
		program, counts = onednn.Rewrite(program)
		slots[CPU].tally.addConvolutions(counts)
	}
	return inPlace(program), options
}

// partitioned says whether XLA is to cut a program up for several accelerators. It would run
// what it knows nothing of, such as oneDNN's convolutions, whole on each of them.
func partitioned(program []byte) bool {
	found := partitions.FindSubmatch(program)
	return found != nil && string(found[1]) != "1"
}

var partitions = regexp.MustCompile(`^module @\w+ attributes \{[^}]*stablehlo\.num_partitions = (\d+)`)

// What CUDA graphs hold: what they do by default (jax-cuda13-pjrt 0.11.2), and convolutions.
// So a training step becomes one graph, and not one launch for each convolution and for each
// piece between two.
const (
	graphsFlag = "xla_gpu_enable_command_buffer"
	graphsOf   = "FUSION,CUBLAS,CUBLASLT,CUDNN,CUSTOM_CALL,CONDITIONAL,DYNAMIC_SLICE_FUSION,CONVOLUTION"
)

// Advice returns what may help where a program failed on the device, beginning with "; ", or "".
func (d *Device) Advice(err error) string {
	if text := strings.ToLower(err.Error()); d.Kind == CUDA && !hasXLAFlag("--"+graphsFlag) &&
		(strings.Contains(text, "command buffer") || strings.Contains(text, "capture")) {
		return "; maybe a CUDA graph cannot hold one of its convolutions: XLA_FLAGS=--" + graphsFlag + "=-CONVOLUTION keeps them out"
	}
	return ""
}

// InPlace returns the name to give to a program (see [graph.Exec.WithName]) that is to write
// its first n outputs over its first n inputs, of the same shapes. The caller donates these
// inputs at every call: XLA copies those that are not donated.
func InPlace(name string, n int) string { return fmt.Sprintf("%s in place %d", name, n) }

var (
	inPlaceName = regexp.MustCompile(`^module @\w*_in_place_(\d+)(?:_\d+)? `) // GoMLX may append a number
	mainFunc    = regexp.MustCompile(`(?m)^ *func\.func @main\((.*)\) -> \((.*)\) \{$`)
	parameter   = regexp.MustCompile(`^%\w+: (tensor<\w+>)( \{ sdy\.sharding = [^=]* \})?$`) // with how it is split, see [Device.NewExec]
)

// inPlace marks the inputs that the program's name says. Without the marks, new values of
// the state lie beside the old ones until a step ends, and change their place each time.
func inPlace(program []byte) []byte {
	name := inPlaceName.FindSubmatch(program)
	found := mainFunc.FindSubmatchIndex(program)
	if name == nil || found == nil {
		return program
	}
	n, err := strconv.Atoi(string(name[1]))
	inputs := values(program[found[2]:found[3]])
	outputs := values(program[found[4]:found[5]])
	if err != nil || n > min(len(inputs), len(outputs)) {
		return program
	}
	for i := range n {
		input := parameter.FindSubmatch(inputs[i])
		if input == nil || !bytes.Equal(slices.Concat(input[1], input[2]), outputs[i]) {
			return program
		}
		mark := fmt.Appendf(nil, "tf.aliasing_output = %d : i32", i)
		if split, ok := bytes.CutSuffix(inputs[i], []byte(" }")); ok {
			inputs[i] = slices.Concat(split, []byte(", "), mark, []byte(" }"))
		} else {
			inputs[i] = slices.Concat(inputs[i], []byte(" {"), mark, []byte("}"))
		}
	}
	return slices.Concat(program[:found[2]], bytes.Join(inputs, []byte(", ")), program[found[3]:])
}

// values cuts a list where it has commas outside of brackets.
func values(list []byte) (all [][]byte) {
	const comma = ", "
	depth, from := 0, 0
	for i, c := range list {
		switch c {
		case '<', '[', '{':
			depth++
		case '>', ']', '}':
			depth--
		case comma[0]:
			if depth == 0 && bytes.HasPrefix(list[i:], []byte(comma)) {
				all = append(all, list[from:i])
				from = i + len(comma)
			}
		}
	}
	return append(all, list[from:])
}
