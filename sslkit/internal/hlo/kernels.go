package hlo

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// A Kernel is one launch: a generated kernel, or a call of a library.
type Kernel struct {
	Name string // XLA's

	Read, Written int64 // bytes of memory, if no cache helps and nothing is read twice

	// Operations of matrix products and convolutions, a multiplication and an addition
	// being two; 0 for other kernels, which memory bounds. Factors is their type; Full says
	// that float32 factors are not to be rounded to TF32.
	FLOPs   float64
	Factors string
	Full    bool

	Convolution *Convolution // nil for other kernels
}

// A Convolution is how a convolution is computed.
type Convolution struct {
	Kind   string // "forward", "fused forward" (with bias and activation), "input gradient", "filter gradient"
	Type   string // "bf16", or "bf16×bf16→f32" where images, weights and what is computed differ
	Layout string // of the images in memory: "NHWC", or "NHWC→NCHW" where the two differ
}

// convolutionKinds are the names of cuDNN's functions among library calls.
var convolutionKinds = map[string]string{
	"__cudnn$convForward":               "forward",
	"__cudnn$convForwardGraph":          "fused forward",
	"__cudnn$convBiasActivationForward": "fused forward",
	"__cudnn$convBackwardInput":         "input gradient",
	"__cudnn$convBackwardFilter":        "filter gradient",
}

// Kernels lists the program's kernels in the order of the program, without its collectives
// (see [Program.Collectives]). What a loop or a branch calls is listed once.
func (p *Program) Kernels() []Kernel { return p.entry.kernels(nil, map[*computation]bool{}) }

func (c *computation) kernels(list []Kernel, seen map[*computation]bool) []Kernel {
	if seen[c] {
		return list
	}
	seen[c] = true
	for _, i := range c.list {
		switch opcode := i.GetOpcode(); opcode {
		case "parameter", "constant", "bitcast", "tuple", "get-tuple-element", "after-all", "add-dependency", "opt-barrier",
			"partition-id", "replica-id", "async-update", "async-done", "copy-done":
		case "while", "conditional", "call", "async-start":
			for _, called := range i.calls {
				list = called.kernels(list, seen)
			}
		default:
			if collective, _ := i.collective(); collective == "" {
				list = append(list, i.kernel())
			}
		}
	}
	return list
}

func (i *instruction) kernel() Kernel {
	k := Kernel{Name: i.GetName(), Read: i.read(), Written: i.written()}
	target := i.GetCustomCallTarget()
	switch {
	case convolutionKinds[target] != "" || i.GetOpcode() == "convolution":
		k.Convolution, k.FLOPs = i.convolution()
		k.Factors, k.Full = i.factors(), i.full()
	case strings.HasPrefix(target, "__cublas"):
		k.Factors, k.FLOPs = i.factors(), 2*i.product(i.cublasContracting())
		k.Full = true // it says nothing of TF32 where we can read it: the slower one
	case i.GetOpcode() == "dot":
		k.add(Kernel{FLOPs: 2 * i.product(i.GetDotDimensionNumbers().GetLhsContractingDimensions()), Factors: i.factors(), Full: i.full()})
	default:
		for _, called := range i.calls {
			k.add(called.products)
		}
	}
	return k
}

// countProducts adds up the matrix products and convolutions within a fusion, in which there may be
// another fusion, as one kernel.
func (c *computation) countProducts() (k Kernel) {
	for _, i := range c.list {
		switch i.GetOpcode() {
		case "dot":
			k.add(Kernel{FLOPs: 2 * i.product(i.GetDotDimensionNumbers().GetLhsContractingDimensions()), Factors: i.factors(), Full: i.full()})
		case "convolution":
			_, flops := i.convolution()
			k.add(Kernel{FLOPs: flops, Factors: i.factors(), Full: i.full()})
		case "fusion":
			for _, called := range i.calls {
				k.add(called.products)
			}
		}
	}
	return k
}

func (k *Kernel) add(other Kernel) {
	if other.FLOPs > 0 {
		k.FLOPs, k.Factors, k.Full = k.FLOPs+other.FLOPs, other.Factors, k.Full || other.Full
	}
}

func (i *instruction) factors() string { return i.operand(0).GetElementType().name() }

// product is how many multiplications a matrix product makes.
func (i *instruction) product(contracting []int64) float64 {
	n := float64(i.GetShape().array().elements())
	for _, d := range contracting {
		n *= float64(i.operand(0).dim(d))
	}
	return n
}

// full reports whether a product or convolution asks for the highest precision.
func (i *instruction) full() bool {
	return slices.Contains(i.GetPrecisionConfig().GetOperandPrecision(), PrecisionConfig_HIGHEST)
}

// cublasContracting returns along which dimensions of the first factor cuBLAS sums.
func (i *instruction) cublasContracting() []int64 {
	var config struct {
		Gemm struct {
			Numbers struct {
				LHS []string `json:"lhs_contracting_dimensions"`
			} `json:"dot_dimension_numbers"`
		} `json:"gemm_backend_config"`
	}
	if json.Unmarshal(i.GetBackendConfig(), &config) != nil {
		return nil
	}
	var dims []int64
	for _, text := range config.Gemm.Numbers.LHS {
		if d, err := strconv.ParseInt(text, 10, 64); err == nil {
			dims = append(dims, d)
		}
	}
	return dims
}

// convolution describes a convolution, and counts its operations: for each number of the
// result of the forward convolution, the weights that lead to it.
func (i *instruction) convolution() (*Convolution, float64) {
	kind := convolutionKinds[i.GetCustomCallTarget()]
	input, weights, output := i.operand(0), i.operand(1), i.GetShape().array()
	switch kind {
	case "input gradient": // of the output's gradient and the weights
		input, output = output, input
	case "filter gradient": // of the input and the output's gradient
		weights, output = output, weights
	case "":
		kind = "forward"
	}
	numbers := i.GetConvolutionDimensionNumbers()
	perOutput := 1.0
	for d := range weights.GetDimensions() {
		if int64(d) != numbers.GetKernelOutputFeatureDimension() {
			perOutput *= float64(weights.GetDimensions()[d])
		}
	}
	c := &Convolution{Kind: kind, Type: input.GetElementType().name(), Layout: layout(input, numbers)}
	if w, o := weights.GetElementType().name(), output.GetElementType().name(); w != c.Type || o != c.Type {
		c.Type += "×" + w + "→" + o
	}
	if after := layout(output, numbers); after != c.Layout {
		c.Layout += "→" + after
	}
	return c, 2 * perOutput * float64(output.elements())
}

// layout is the order of images' dimensions in memory.
func layout(s *Shape, numbers *ConvolutionDimensionNumbers) string {
	names := map[int64]string{numbers.GetInputBatchDimension(): "N", numbers.GetInputFeatureDimension(): "C"}
	for k, d := range numbers.GetInputSpatialDimensions() {
		name := "HW"
		if len(numbers.GetInputSpatialDimensions()) == 3 {
			name = "DHW"
		}
		if k < len(name) {
			names[d] = name[k : k+1]
		}
	}
	order := slices.Clone(s.GetLayout().GetMinorToMajor())
	slices.Reverse(order)
	if len(order) == 0 {
		for d := range s.GetDimensions() {
			order = append(order, int64(d))
		}
	}
	var text strings.Builder
	for _, d := range order {
		text.WriteString(names[d])
	}
	return text.String()
}
