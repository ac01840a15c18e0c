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
	if kind == CPU && slots[CPU].oneDNN != "" {
		var counts onednn.Counts
		program, counts = onednn.Rewrite(program)
		slots[CPU].tally.addConvolutions(counts)
	}
	return inPlace(program), options
}

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
	parameter   = regexp.MustCompile(`^%\w+: (tensor<\w+>)$`)
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
	inputs := bytes.Split(program[found[2]:found[3]], []byte(", "))
	outputs := bytes.Split(program[found[4]:found[5]], []byte(", "))
	if err != nil || n > min(len(inputs), len(outputs)) {
		return program
	}
	for i := range n {
		input := parameter.FindSubmatch(inputs[i])
		if input == nil || !bytes.Equal(input[1], outputs[i]) {
			return program
		}
		inputs[i] = fmt.Appendf(nil, "%s {tf.aliasing_output = %d : i32}", inputs[i], i)
	}
	return slices.Concat(program[:found[2]], bytes.Join(inputs, []byte(", ")), program[found[3]:])
}
