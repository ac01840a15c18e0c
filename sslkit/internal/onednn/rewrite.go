package onednn

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Counts tells what became of a program's convolutions.
type Counts struct {
	Rewritten int
	Left      []string // those that stay with XLA: types, dimension numbers
}

// Rewrite exchanges the convolutions of a program for calls of [Register]'s handler. The program is a StableHLO module as
// go-xla writes it, with activations [batch, height, width, channels] and weights [height, width, in, out]. As GoMLX derives
// gradients, its convolutions are of these forms, in which b, f are batch and channels:
//
//	[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]  the convolution itself
//	[b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f]  the gradient of its input: by reversed weights, the stride is lhs_dilation
//	[f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f]  the gradient of its weights: the stride is rhs_dilation
//
// What is of another form, or of another type than f32 and bf16, is left as it is.
func Rewrite(program []byte) ([]byte, Counts) { return rewrite(program, conv.supported) }

func rewrite(program []byte, supported func(conv) bool) ([]byte, Counts) {
	var counts Counts
	var rewritten bytes.Buffer
	reversed := map[string]string{} // what the values of reversed weights were before
	for rest := program; len(rest) > 0; {
		line, after := cutLine(rest)
		if bytes.Contains(line, []byte("stablehlo.reverse")) {
			if m := reverseOp.FindSubmatch(line); m != nil {
				reversed[string(m[1])] = string(m[2])
			}
		}
		o, length, ok := readOp(rest)
		if !ok {
			rewritten.Write(line)
			rest = after
			continue
		}
		weights, isReversed := reversed[o.args[1]]
		if c, ok := o.conv(isReversed); ok && supported(c) {
			counts.Rewritten++
			if c.kind == inputGradient {
				o.args[1] = weights
			}
			rewritten.WriteString(o.call(c))
		} else {
			counts.Left = append(counts.Left, fmt.Sprintf("%s x %s -> %s %s", o.types[0], o.types[1], o.types[2], o.attrs["dimension_numbers"]))
			rewritten.Write(rest[:length])
		}
		rest = rest[length:]
	}
	return rewritten.Bytes(), counts
}

var (
	reverseOp   = regexp.MustCompile(`^ *(%\w+) = "stablehlo\.reverse"\((%\w+)\) \{ dimensions = array<i64: 0, 1> \}`)
	convolution = regexp.MustCompile(`^ *(%\w+) = "stablehlo\.convolution"\((%\w+), (%\w+)\) \{\n$`)
	opTypes     = regexp.MustCompile(`^ *\} : \(tensor<(\S+)>, tensor<(\S+)>\) -> tensor<(\S+)>\n$`)
	number      = regexp.MustCompile(`-?\d+`)
)

// cutLine returns the first line with its end, and what comes after it.
func cutLine(text []byte) (line, after []byte) {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return text[:i+1], text[i+1:]
	}
	return text, nil
}

// An op is a convolution in a program's text: a line that begins it, an attribute a line, and a line of types.
type op struct {
	result string
	args   [2]string
	types  [3]string // of the arguments and the result, as in 64x32x32x3xf32
	attrs  map[string]string
}

// readOp reads the convolution that a text begins with, and how many bytes that is.
func readOp(text []byte) (o op, length int, ok bool) {
	line, rest := cutLine(text)
	if !bytes.Contains(line, []byte("stablehlo.convolution")) {
		return o, 0, false
	}
	m := convolution.FindSubmatch(line)
	if m == nil {
		return o, 0, false
	}
	o = op{result: string(m[1]), args: [2]string{string(m[2]), string(m[3])}, attrs: map[string]string{}}
	for length = len(line); len(rest) > 0; {
		line, rest = cutLine(rest)
		length += len(line)
		if m := opTypes.FindSubmatch(line); m != nil {
			o.types = [3]string{string(m[1]), string(m[2]), string(m[3])}
			return o, length, true
		}
		name, value, ok := strings.Cut(strings.TrimSpace(string(line)), " = ")
		if !ok {
			break
		}
		o.attrs[name] = strings.TrimSuffix(value, ",")
	}
	return o, 0, false
}

// conv returns what is convolved, if the handler can do it.
func (o op) conv(reversed bool) (conv, bool) {
	a, t, ok := shape(o.types[0])
	b, tb, okB := shape(o.types[1])
	result, tr, okResult := shape(o.types[2])
	if !ok || !okB || !okResult || t != tb || t != tr || t != "f32" && t != "bf16" || !o.plain() {
		return conv{}, false
	}
	stride, lhs, rhs := o.pair("window_strides"), o.pair("lhs_dilation"), o.pair("rhs_dilation")
	low := [2]int{o.numbers("padding")[0], o.numbers("padding")[2]} // above, below, left, right
	one := [2]int{1, 1}
	c := conv{bf16: t == "bf16"}
	switch numbers := o.attrs["dimension_numbers"]; {
	case strings.Contains(numbers, "<[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]>") && lhs == one && rhs == one:
		c.kind, c.x, c.weights, c.y, c.stride, c.padding = forward, a, b, result, stride, low
	case strings.Contains(numbers, "<[b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f]>") && reversed && rhs == one && stride == one:
		c.kind, c.x, c.weights, c.y, c.stride = inputGradient, result, b, a, lhs
		c.padding = [2]int{b[0] - 1 - low[0], b[1] - 1 - low[1]}
	case strings.Contains(numbers, "<[f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f]>") && lhs == one && stride == one:
		c.kind, c.x, c.weights, c.y, c.stride, c.padding = weightGradient, a, result, b, rhs, low
	default:
		return conv{}, false
	}
	return c, c.agrees(o.numbers("padding"))
}

// plain reports whether there are no groups and nothing is reversed, and the numbers are as many as there should be.
func (o op) plain() bool {
	return strings.HasPrefix(o.attrs["batch_group_count"], "1 ") && strings.HasPrefix(o.attrs["feature_group_count"], "1 ") &&
		!strings.Contains(o.attrs["window_reversal"], "true") && len(o.numbers("padding")) == 4 &&
		len(o.numbers("window_strides")) == 2 && len(o.numbers("lhs_dilation")) == 2 && len(o.numbers("rhs_dilation")) == 2
}

// agrees reports whether the program's padding, above, below, left and right, is what the handler takes it to be from the
// sizes of the three tensors.
func (c conv) agrees(padding []int) bool {
	for axis := range 2 {
		in, out, kernel, stride, low := c.x[1+axis], c.y[1+axis], c.weights[axis], c.stride[axis], c.padding[axis]
		high := (out-1)*stride + kernel - in - low // what the last window takes beyond the image; negative: it leaves that out
		var want int
		switch c.kind {
		case forward: // the program may pad more than its windows reach
			if got := padding[2*axis+1]; got < high || got-high >= stride {
				return false
			}
			continue
		case inputGradient:
			want = kernel - 1 - high
		case weightGradient:
			want = high
		}
		if padding[2*axis+1] != want {
			return false
		}
	}
	return true
}

// call is the program's text for the call of the handler.
func (o op) call(c conv) string {
	const layout = "dense<[3, 2, 1, 0]> : tensor<4xindex>"
	return fmt.Sprintf(`    %s = "stablehlo.custom_call"(%s, %s) {call_target_name = "sslkit_conv", api_version = 4 : i32, has_side_effect = false, `+
		`backend_config = {geometry = array<i64: %d, %d, %d, %d, %d>}, operand_layouts = [%s, %s], result_layouts = [%s]} : (tensor<%s>, tensor<%s>) -> tensor<%s>`+"\n",
		o.result, o.args[0], o.args[1], c.kind, c.stride[0], c.stride[1], c.padding[0], c.padding[1], layout, layout, layout,
		o.types[0], o.types[1], o.types[2])
}

// shape reads a type of rank 4 such as 64x32x32x3xf32.
func shape(text string) (dims [4]int, dtype string, ok bool) {
	parts := strings.Split(text, "x")
	if len(parts) != 5 {
		return dims, "", false
	}
	for i := range dims {
		n, err := strconv.Atoi(parts[i])
		if err != nil {
			return dims, "", false
		}
		dims[i] = n
	}
	return dims, parts[4], true
}

// numbers returns those of an attribute such as array<i64: 1, 2>, or dense<[[1, 1], [1, 1]]> : tensor<2x2xi64>.
func (o op) numbers(name string) []int {
	value, _, _ := strings.Cut(o.attrs[name], "> :")
	value = strings.TrimPrefix(value, "array<i64:")
	var numbers []int
	for _, text := range number.FindAllString(value, -1) {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil
		}
		numbers = append(numbers, n)
	}
	return numbers
}

func (o op) pair(name string) [2]int { return [2]int(slices.Clone(o.numbers(name)[:2])) }
