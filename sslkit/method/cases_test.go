package method_test

import (
	"encoding/json"
	"iter"
	"testing"

	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
)

// A stepCase is a few whole training steps of a method, as PyTorch takes them.
type stepCase struct {
	Recipe, Method      string
	Width, Image, Batch int
	ViT                 *vitCase     // nil: the backbone is a ResNet
	Decoder             *decoderCase // of MAE
	Base                string       // the method that UnMix mixes
	Sizes               sizes
	LossParams          map[string]any `json:"loss_params"`
	seeds
	training

	Tensors     tensorList // of the online networks; those of a ResNet come before
	TensorCount int        `json:"tensor_count"`
	Parameters  int

	Loss           []float64
	GradNorm       []float64  `json:"grad_norm"`
	ParamNorm      []float64  `json:"param_norm_after"`
	TensorGradNorm []float64  `json:"step0_grad_norm_per_tensor"`
	Statistics     statistics `json:"bn_online"`
	LastTensor     []float64  `json:"online_last_tensor_0..3"`

	TargetNorm       *float64   `json:"target_norm_step0"` // nil: there is no target
	TargetNorms      partNorms  `json:"target_norm_end"`
	TargetStatistics statistics `json:"bn_target"`
	TargetLastTensor []float64  `json:"target_last_tensor_0..3"`

	State    map[string]state     `json:"state_after"`
	Pointers map[string]float64   `json:"pointers_after"`
	norms    map[string][]float64 // of what State names, after each step

	Features features  `json:"eval_features_view0"`
	Small    *features `json:"eval_features_small"`        // of view 1, whose size is another
	Anchor   *features `json:"eval_features_anchor_view0"` // of the trained network, where the target's are evaluated
	TorchF32 struct {
		Loss     []float64 `json:"loss_abs_err"`
		GradNorm []float64 `json:"grad_norm_rel_err"`
	} `json:"torch_f32"`
}

// sizes are those of the heads, and what they are made of.
type sizes struct {
	Hidden, Out, Bank, Bottleneck, Prototypes, Groups int

	PredHidden  int    `json:"pred_hidden"`
	LocalHidden int    `json:"local_hidden"`
	LocalOut    int    `json:"local_out"`
	SharedBN    bool   `json:"shared_bn"`
	Projection  string // "linear bn relu linear(bias)"

	LocalProjection string `json:"local_projection"`

	Prediction string
}

// statistics are those of all batch norms.
type statistics struct {
	FirstMean []float64 `json:"first_mean_0..3"`
	FirstVar  []float64 `json:"first_var_0..3"`
	SumMean   float64   `json:"sum_mean"`
	SumVar    float64   `json:"sum_var"`
	Layers    int       // 0: the file does not say
}

// A state is what a method keeps beside its parameters.
type state struct {
	Shape     []int
	Norm, Sum float64 // a norm of 0: the file does not say
	First     []float64
}

// features are those of a view in evaluation mode after the last step.
type features struct {
	First8    []float64 `json:"image0_0..7"`
	First16   []float64 `json:"image0_0..15"`
	Last      []float64 `json:"last_image_0..3"`
	Mean, Std float64
}

// A tensorList is a list of tensors, or their number alone.
type tensorList struct {
	list  []testkit.TorchTensor
	count int
}

// UnmarshalJSON reads either.
func (l *tensorList) UnmarshalJSON(text []byte) error {
	if json.Unmarshal(text, &l.count) == nil {
		return nil
	}
	return json.Unmarshal(text, &l.list)
}

// partNorms are norms of a network's parts, by the reference's names of them.
type partNorms map[string]float64

// UnmarshalJSON reads them, or the two norms of backbone and projection.
func (n *partNorms) UnmarshalJSON(text []byte) error {
	var two []float64
	if json.Unmarshal(text, &two) == nil && len(two) == 2 {
		*n = partNorms{"backbone": two[0], "projection": two[1]}
		return nil
	}
	return json.Unmarshal(text, (*map[string]float64)(n))
}

// isLong says whether a case takes more than ten seconds.
func (c stepCase) isLong() bool { return c.Width > 16 || c.Parameters > 1e6 }

// tensorCount is the number of all tensors of the online networks, 0 if the case
// does not say.
func (c stepCase) tensorCount() int { return max(c.TensorCount, c.Tensors.count) }

// build makes the method. Cases of methods that are not here are skipped.
func (c stepCase) build(t *testing.T) method.Method {
	t.Helper()
	build := goldenMethods[c.Method]
	if build == nil {
		t.Skipf("goldenMethods has no method %s", c.Method)
	}
	return build(c)
}

// stepCases yields all cases by name.
func stepCases(t *testing.T) iter.Seq2[string, stepCase] {
	t.Helper()
	cases := testkit.Cases(t, "steps", "method")
	return func(yield func(string, stepCase) bool) {
		for _, golden := range cases {
			if !yield(golden.File+"/"+golden.Name, readStepCase(t, golden)) {
				return
			}
		}
	}
}

// readStepCase reads a case of one of two kinds of files: those of the first
// methods, whose generators are fixed, and those of later ones, which say theirs
// and name some results otherwise.
func readStepCase(t *testing.T, golden testkit.Case) stepCase {
	t.Helper()
	var c stepCase
	golden.Decode(t, &c)
	if len(c.Pixels.Views) == 0 {
		c.readFirstMethods(t, golden)
		return c
	}
	var keys map[string]json.RawMessage
	golden.Decode(t, &keys)
	c.norms = map[string][]float64{}
	for name := range c.State {
		if text, ok := keys[name+"_norm"]; ok {
			var norms []float64
			if err := json.Unmarshal(text, &norms); err != nil {
				t.Fatalf("%s: %s_norm: %v", golden.Name, name, err)
			}
			c.norms[name] = norms
		}
	}
	return c
}

// readFirstMethods reads what the first methods' files name otherwise.
func (c *stepCase) readFirstMethods(t *testing.T, golden testkit.Case) {
	t.Helper()
	var first struct {
		LR    float64
		Sizes struct{ Head, Pred string }

		QueuePosition *float64  `json:"bank_ptr_end"`
		QueueRow0     []float64 `json:"bank_end_row0_0..3"`
		QueueSum      float64   `json:"bank_end_sum"`
	}
	golden.Decode(t, &first)
	c.Pixels.Base = firstPixels
	c.Sizes.Projection, c.Sizes.Prediction = first.Sizes.Head, first.Sizes.Pred
	c.Bank = &testkit.Input{Gen: "G", S: 3, RowNorm: true, Shape: []int{c.Sizes.Bank, c.Sizes.Out}}
	if first.QueuePosition != nil {
		c.State = map[string]state{"bank": {First: first.QueueRow0, Sum: first.QueueSum}}
		c.Pointers = map[string]float64{"bank": *first.QueuePosition}
	}
}
