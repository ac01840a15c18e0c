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
	LR                  rates
	Sizes               struct {
		Hidden, Out, Bank int
		PredHidden        int `json:"pred_hidden"`
		Head, Pred        string
	}
	Tensors     int `json:"-"` // their number
	Parameters  int
	FirstWeight int `json:"weights_first"` // number of the first tensor's generator
	Pixels      struct {
		Base  int // number of their first generator
		Views []struct{ View, Size int }
	}
	Bank           struct{ S int } // number of the generator of the queue
	Loss           []float64
	GradNorm       []float64  `json:"grad_norm"`
	ParamNorm      []float64  `json:"param_norm_after"`
	TensorGradNorm []float64  `json:"step0_grad_norm_per_tensor"`
	Statistics     statistics `json:"bn_online"`
	LastTensor     []float64  `json:"online_last_tensor_0..3"`

	TargetNorm       *float64   `json:"target_norm_step0"` // nil: there is no target
	TargetNorms      []float64  `json:"target_norm_end"`   // backbone and projector
	TargetStatistics statistics `json:"bn_target"`
	TargetLastTensor []float64  `json:"target_last_tensor_0..3"`

	QueuePosition *float64  `json:"bank_ptr_end"` // nil: there is no queue
	QueueRow0     []float64 `json:"bank_end_row0_0..3"`
	QueueSum      float64   `json:"bank_end_sum"`
	QueueNorm     float64   `json:"-"` // 0: the file does not say

	Features struct {
		First     []float64 `json:"image0_0..7"`
		Last      []float64 `json:"last_image_0..3"`
		Mean, Std float64
	} `json:"eval_features_view0"`
	TorchF32 struct {
		Loss     []float64 `json:"loss_abs_err"`
		GradNorm []float64 `json:"grad_norm_rel_err"`
	} `json:"torch_f32"`
}

// statistics are those of all batch norms.
type statistics struct {
	FirstMean []float64 `json:"first_mean_0..3"`
	FirstVar  []float64 `json:"first_var_0..3"`
	SumMean   float64   `json:"sum_mean"`
	SumVar    float64   `json:"sum_var"`
}

// rates are the learning rates of steps; the last one stays.
type rates []float64

// UnmarshalJSON reads a list, or one number.
func (r *rates) UnmarshalJSON(text []byte) error {
	var one float64
	if json.Unmarshal(text, &one) == nil {
		*r = rates{one}
		return nil
	}
	return json.Unmarshal(text, (*[]float64)(r))
}

func (r rates) at(step int) float64 { return r[min(step, len(r)-1)] }

// size is that of a view, in pixels.
func (c stepCase) size(view int) int {
	if c.Image > 0 {
		return c.Image
	}
	return c.Pixels.Views[view].Size
}

// pictures are a view of the case's batch.
func (c stepCase) pictures(view int) testkit.Array {
	return testkit.PicturesFrom(c.Pixels.Base, view, c.Batch, c.size(view))
}

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
		var first struct{ Tensors int }
		golden.Decode(t, &first)
		c.Tensors, c.Pixels.Base, c.Bank.S = first.Tensors, 1000, 3
		return c
	}
	var more struct {
		Sizes struct{ Projection, Prediction string }
		Count int `json:"tensor_count"`
		State struct {
			Bank *struct {
				Norm, Sum float64
				First     []float64
			}
		} `json:"state_after"`
		Pointers struct{ Bank float64 } `json:"pointers_after"`
		Features struct {
			First []float64 `json:"image0_0..15"`
		} `json:"eval_features_view0"`
	}
	golden.Decode(t, &more)
	c.Sizes.Head, c.Sizes.Pred = more.Sizes.Projection, more.Sizes.Prediction
	c.Tensors, c.Features.First = more.Count, more.Features.First
	if bank := more.State.Bank; bank != nil {
		c.QueuePosition, c.QueueRow0 = &more.Pointers.Bank, bank.First
		c.QueueNorm, c.QueueSum = bank.Norm, bank.Sum
	}
	return c
}
