package loss_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// A goldenLoss is one case of reference numbers. What a loss keeps from call to
// call stands beside the keys named here, as "bank_before" and "bank_after".
type goldenLoss struct {
	testkit.Case
	keys   map[string]json.RawMessage
	Params struct {
		Temperature, Sigma, Lambda, Eps  float64
		Invariance, Variance, Covariance float64
		Iterations                       int
		Epsilon, Beta, Rho               float64
		Enqueue                          bool
		PtrBefore                        float64         `json:"ptr_before"`
		StudentTemp                      float64         `json:"student_temp"`
		TeacherTemp                      float64         `json:"teacher_temp"`
		CenterMomentum                   float64         `json:"center_momentum"`
		CBefore                          json.RawMessage `json:"C_before"`
		LocalCovariance                  float64         `json:"local_covariance"`
		Alpha                            float64
		Matches                          [2]int
		Sharpen                          float64
		SinkhornIterations               int     `json:"sinkhorn_iterations"`
		Regularization                   float64 `json:"regularization_weight"`
		Exponent                         float64 `json:"power_law_exponent"`
		Grids                            testkit.Grids
		Groups                           json.RawMessage
	}
	Inputs   map[string]testkit.Input
	Loss     float64
	Grad     map[string]testkit.Array
	TorchF32 struct {
		Loss float64 `json:"loss_rel_err"`
		Grad float64 `json:"grad_rel_err"`
	} `json:"torch_f32"`
}

// nodes are arguments or results by the names that the cases give them.
type nodes map[string]*graph.Node

// views returns the nodes named by a letter and a number, in order.
func (n nodes) views(letter string) []*graph.Node {
	var views []*graph.Node
	for i := 0; n[fmt.Sprint(letter, i)] != nil; i++ {
		views = append(views, n[fmt.Sprint(letter, i)])
	}
	return views
}

func goldenCases(t *testing.T) []goldenLoss {
	t.Helper()
	var cases []goldenLoss
	for _, golden := range testkit.Cases(t, "losses", "loss_more") {
		c := goldenLoss{Case: golden}
		golden.Decode(t, &c)
		golden.Decode(t, &c.keys)
		if probs, ok := c.keys["target_probs"]; ok { // "softmax", "sharpened", "sinkhorn"
			if err := json.Unmarshal(probs, &c.keys); err != nil {
				t.Fatalf("%s: target_probs: %v", c.Name, err)
			}
		}
		cases = append(cases, c)
	}
	return cases
}

// TestGolden compares values, gradients and state with those of PyTorch: in
// float64 on the pure-Go device, which has every formula checked to many digits
// at once, and in float32 on the one that trains.
func TestGolden(t *testing.T) {
	cases := goldenCases(t)
	for _, c := range cases {
		t.Run(c.File+"/"+c.Name, func(t *testing.T) {
			l := lossOf(t, c)
			t.Run("Float64", func(t *testing.T) { checkGolden(t, l, c, cases, dtypes.Float64, 1e-9, 1e-9) })
			value := math.Max(10*c.TorchF32.Loss, 1e-5)
			if sharp := c.Params.Temperature + c.Params.StudentTemp; sharp > 0 && sharp < 0.5 {
				value = math.Max(value, 1e-4)
			}
			gradients := math.Max(10*c.TorchF32.Grad, 1e-3)
			t.Run("Float32", func(t *testing.T) { checkGolden(t, l, c, cases, dtypes.Float32, value, gradients) })
		})
	}
}

func checkGolden(t *testing.T, l builder, c goldenLoss, cases []goldenLoss, dtype dtypes.DType, value, gradients float64) {
	t.Helper()
	results := runGolden(t, l, c, cases, dtype)
	testkit.NearScalar(t, "loss", results["loss"][0], c.Loss, value)
	for name, want := range c.Grad {
		testkit.NearNorm(t, "gradient of "+name, results["gradient of "+name], want.Data, gradients)
	}
	for name, got := range results {
		if name != "loss" && !strings.HasPrefix(name, "gradient of ") {
			checkKey(t, c, name, got, value)
		}
	}
}

// checkKey compares a result with what the case knows of it: all of it, its
// norm, or its first row.
func checkKey(t *testing.T, c goldenLoss, name string, got []float64, tolerance float64) {
	t.Helper()
	known := false
	for key, part := range map[string][]float64{name: got, name + "_norm": {testkit.Norm(got)}, name + "_row0": got} {
		text, ok := c.keys[key]
		if !ok {
			continue
		}
		known = true
		want := numbers(t, key, text)
		if strings.HasSuffix(key, "_row0") {
			part = part[:len(want)]
		}
		testkit.Near(t, key, part, want, tolerance)
	}
	if !known {
		t.Errorf("the case says nothing of %s", name)
	}
}

// numbers reads an array, a list or a single number.
func numbers(t *testing.T, key string, text json.RawMessage) []float64 {
	t.Helper()
	var array testkit.Array
	if json.Unmarshal(text, &array) == nil {
		return array.Data
	}
	var list []float64
	if json.Unmarshal(text, &list) == nil {
		return list
	}
	var number float64
	if err := json.Unmarshal(text, &number); err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return []float64{number}
}

// runGolden returns the loss, the gradients that the case knows, and the other
// results of the builder.
func runGolden(t *testing.T, l builder, c goldenLoss, cases []goldenLoss, dtype dtypes.DType) map[string][]float64 {
	t.Helper()
	names := slices.Sorted(maps.Keys(c.Inputs))
	var inputs []*tensors.Tensor
	for _, name := range names {
		inputs = append(inputs, c.Inputs[name].Array(t).Tensor(dtype))
	}
	for _, state := range l.state {
		names = append(names, state)
		inputs = append(inputs, stateBefore(t, c, state, cases).Tensor(dtype))
	}
	d := testkit.Open(t, device.Go)
	if dtype == dtypes.Float32 {
		d = testkit.Any(t)
	}
	var outputs []string
	out := testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
		arguments := nodes{}
		for i, name := range names {
			arguments[name] = in[i]
		}
		results := l.build(c, arguments)
		if trained := slices.Sorted(maps.Keys(c.Grad)); len(trained) > 0 {
			wanted := make([]*graph.Node, len(trained))
			for i, name := range trained {
				wanted[i] = arguments[name]
			}
			for i, gradient := range graph.Gradient(results["loss"], wanted...) {
				results["gradient of "+trained[i]] = gradient
			}
		}
		outputs = slices.Sorted(maps.Keys(results))
		list := make([]*graph.Node, len(outputs))
		for i, name := range outputs {
			list[i] = results[name]
		}
		return list
	}, inputs...)
	results := map[string][]float64{}
	for i, name := range outputs {
		results[name] = out[i]
	}
	return results
}

// stateBefore is what the case says of "<name>_before": an input by formula,
// "zeros", or what another case of the file left.
func stateBefore(t *testing.T, c goldenLoss, name string, cases []goldenLoss) testkit.Array {
	t.Helper()
	text := c.keys[name+"_before"]
	switch name {
	case "C":
		text = c.Params.CBefore
	case "groups":
		text = c.Params.Groups
	}
	var formula testkit.Input
	if json.Unmarshal(text, &formula) == nil {
		return formula.Array(t)
	}
	var words string
	if err := json.Unmarshal(text, &words); err != nil {
		t.Fatalf("%s: %s_before: %v", c.Name, name, err)
	}
	dim := slices.Collect(maps.Values(c.Inputs))[0].Shape[1]
	shape := map[string][]int{"center": {dim}, "C": {dim, dim}, "bank": {-1, dim}}[name]
	if words == "zeros" {
		return filled(0, shape...)
	}
	_, source, _ := strings.Cut(words, " of ")
	for _, earlier := range cases {
		if earlier.File == c.File && earlier.Name == source {
			data := runGolden(t, lossOf(t, earlier), earlier, cases, dtypes.Float64)[name+"_after"]
			if shape[0] < 0 {
				shape[0] = len(data) / dim
			}
			return testkit.Array{Shape: shape, Data: data}
		}
	}
	t.Fatalf("%s: %s_before: no case %q", c.Name, name, source)
	return testkit.Array{}
}
