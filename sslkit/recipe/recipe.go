// Package recipe holds runs as plain values: everything that decides the
// numbers of a run stands in one [Recipe], and nothing of it is hidden.
//
// [CIFAR10], [Imagenette] and [Shapes] give a method's recipe, [Find] and [At]
// those of one [Preset], and [Published] lists them all. Change fields of what
// you get, as a copy: [Diff] says how it differs. [Quick] shrinks a recipe to
// seconds.
package recipe

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

// A Recipe is everything that decides a run's numbers. Copy one, change fields,
// print it, compare it, write it as JSON. Zero means zero: no field has a
// default.
type Recipe struct {
	Name        string            `json:"name"`   // the row's name in tables: the method's
	Preset      Preset            `json:"preset"` // which published table it reproduces; "" for our own
	Data        dataset.Name      `json:"data"`
	TrainImages int               `json:"train_images"` // the first ones of the training split
	TestImages  int               `json:"test_images"`  // likewise; may be 0 where nothing is Labelled
	Backbone    backbone.Backbone `json:"backbone"`     // written as {"ResNet": {…}}
	Method      method.Method     `json:"method"`       // written as {"SimCLR": {…}}
	Views       []augment.Policy  `json:"views"`        // one per view, full ones before local ones; images are evaluated with the first one's Mean and Std
	EvalSize    int               `json:"eval_size"`    // pixels, at which images are evaluated; 0: Size of the first view
	Optim       optim.Optimizer   `json:"optim"`        // written as {"SGD": {…}}
	LR          schedule.Schedule `json:"lr"`           // of the recipe's batch size
	ClipNorm    float64           `json:"clip_norm"`    // longer gradients are shortened to it; 0: none is
	Freeze      []optim.Freeze    `json:"freeze"`       // parts of the network that the first epochs leave alone
	Epochs      int               `json:"epochs"`
	Batch       int               `json:"batch"`     // images per step, before views; a last, smaller batch is left out
	Eval        eval.KNN          `json:"eval"`      // kNN accuracy before the first and after every epoch; zero is none
	Linear      eval.Linear       `json:"linear"`    // a linear probe after the last epoch; zero is none
	Measures    eval.Measures     `json:"measures"`  // what else is measured after the last epoch; zero is nothing
	Precision   device.Precision  `json:"precision"` // of convolutions and dense layers; parameters are float32

	// NormParts is how many parts of each view's batch have statistics of their own in batch
	// norm while training, one part after another, on any number of devices: what PyTorch
	// does on as many GPUs without SyncBatchNorm, but that there the running statistics are
	// those of the first one, and here the means. 0 or 1: the whole batch is one.
	NormParts int `json:"norm_parts"`

	Seed   uint64 `json:"seed"`
	Source string `json:"source"` // where the values come from
	Expect Expect `json:"expect"`
}

// Expect is what was published for a recipe; zeros where nothing was.
type Expect struct {
	KNN       float64 `json:"knn_accuracy"` // best of all epochs, in [0, 1]
	MemoryGiB float64 `json:"memory_gib"`   // peak on the accelerator
	Minutes   float64 `json:"minutes"`      // the whole run
	Hardware  string  `json:"hardware"`
}

// Steps is the number of steps of an epoch.
func (r Recipe) Steps() int { return r.TrainImages / r.Batch }

// EvalView prepares images to be evaluated, by its [augment.Policy.Plain]. The recipe
// must have a view.
func (r Recipe) EvalView() augment.Policy {
	view := r.Views[0]
	view.Size = cmp.Or(r.EvalSize, view.Size)
	return view
}

// LearningRate is that of a step, counted from 0 in each epoch; epochs count from 1.
func (r Recipe) LearningRate(epoch, step int) float64 {
	if r.LR.Per == schedule.Step {
		return r.LR.Value((epoch-1)*r.Steps()+step, r.Epochs*r.Steps())
	}
	return r.LR.Value(epoch-1, r.Epochs)
}

// Validate reports the first field that makes no sense.
func (r Recipe) Validate() error {
	for _, check := range []struct {
		bad  bool
		text string
	}{
		{r.Backbone == nil, "backbone is not set"},
		{r.Method == nil, "method is not set"},
		{r.Optim == nil, "optim is not set"},
		{r.TrainImages < 1, fmt.Sprintf("train_images is %d, want at least 1", r.TrainImages)},
		{r.TestImages < 0, fmt.Sprintf("test_images is %d, want 0 or more", r.TestImages)},
		{r.TestImages == 0 && r.Labelled(), "test_images is 0, want at least 1 for eval, linear, and measures of classes, or none of them"},
		{r.EvalSize < 0, fmt.Sprintf("eval_size is %d, want the pixels of images, or 0 for those of the first view", r.EvalSize)},
		{r.Epochs < 0, fmt.Sprintf("epochs is %d, want 0 or more", r.Epochs)},
		{r.Batch < 2, fmt.Sprintf("batch is %d, want at least 2", r.Batch)},
		{r.Batch > r.TrainImages, fmt.Sprintf("batch is %d, more than the %d training images", r.Batch, r.TrainImages)},
		{r.Eval.K > r.TrainImages, fmt.Sprintf("eval: k is %d, more than the %d training images of the bank", r.Eval.K, r.TrainImages)},
		{slices.Max(append(r.Measures.KNN.K, 0)) > r.TrainImages,
			fmt.Sprintf("measures: knn: k is %v, some more than the %d training images of the bank", r.Measures.KNN.K, r.TrainImages)},
	} {
		if check.bad {
			return errors.New("recipe: " + check.text)
		}
	}
	if err := r.validateViews(); err != nil {
		return err
	}
	for _, part := range []interface{ Validate() error }{r.Backbone, r.Optim, r.Eval, r.Linear, r.Measures, r.Precision} {
		if err := part.Validate(); err != nil {
			return fmt.Errorf("recipe: %w", err)
		}
	}
	if err := r.validateProbes(); err != nil {
		return err
	}
	if err := r.Method.Validate(r.Backbone); err != nil {
		return fmt.Errorf("recipe: %w", err)
	}
	if err := r.validateSteps(); err != nil {
		return fmt.Errorf("recipe: %w", err)
	}
	if n := r.NormParts; n < 0 || n > 1 && (r.Batch%n != 0 || r.Batch/n < 2) {
		return fmt.Errorf("recipe: norm_parts is %d, want 0, or a number that divides the batch of %d into parts of 2 images or more", n, r.Batch)
	}
	if parts := max(r.NormParts, 1) * backbone.Parts(r.Backbone); r.NormParts > 1 && r.Batch%parts != 0 {
		return fmt.Errorf("recipe: batch is %d, want a multiple of %d: each of %d norm_parts has the backbone's splits", r.Batch, parts, r.NormParts)
	}
	if parts := backbone.Parts(r.Backbone); r.Batch%parts != 0 {
		return fmt.Errorf("recipe: batch is %d, want a multiple of the backbone's %d splits", r.Batch, parts)
	}
	return nil
}

// validateProbes reports probes that see images otherwise than the evaluation does.
func (r Recipe) validateProbes() error {
	for _, probe := range []struct {
		field string
		eval.Linear
	}{{"linear", r.Linear}, {"measures: linear", r.Measures.Linear}} {
		a, b := probe.View, r.EvalView()
		if probe.Drawn() && !a.Prepares(b) {
			return fmt.Errorf("recipe: %s: view has size %d, mean %v and std %v, want %d, %v and %v, as images are evaluated",
				probe.field, a.Size, a.Mean, a.Std, b.Size, b.Mean, b.Std)
		}
	}
	return nil
}

// validateSteps reports what is done around the optimizer's steps and makes no sense.
func (r Recipe) validateSteps() error {
	if err := r.LR.Validate(); err != nil {
		return fmt.Errorf("lr: %w", err)
	}
	if least, most := r.LR.Bounds(); !(least >= 0 && most > 0) {
		return fmt.Errorf("lr %v, want a positive one", r.LR)
	}
	if err := optim.ValidClip(r.ClipNorm); err != nil {
		return err
	}
	for _, f := range r.Freeze {
		if err := f.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// validateViews reports views that are not those of the method.
func (r Recipe) validateViews() error {
	crops, name := r.Method.Views(), method.Name(r.Method)
	if crops.Full < 1 || crops.Local < 0 {
		return fmt.Errorf("recipe: %s has %d full and %d local views, want at least 1 full one", name, crops.Full, crops.Local)
	}
	if len(r.Views) != crops.Count() {
		want := fmt.Sprintf("the %d of %s", crops.Full, name)
		if crops.Local > 0 {
			want = fmt.Sprintf("%d full and %d local ones of %s", crops.Full, crops.Local, name)
		}
		return fmt.Errorf("recipe: %d views, want %s", len(r.Views), want)
	}
	for i, view := range r.Views {
		if err := view.Validate(); err != nil {
			return fmt.Errorf("recipe: views[%d]: %w", i, err)
		}
		if i >= crops.Full && view.Size > r.Views[0].Size {
			return fmt.Errorf("recipe: views[%d] is a local one of %d pixels, larger than the full views[0] of %d: full ones come first", i, view.Size, r.Views[0].Size)
		}
	}
	return nil
}

// Labelled reports whether the recipe measures anything that compares classes.
func (r Recipe) Labelled() bool { return r.Eval.On() || r.Linear.On() || r.Measures.Labelled() }

// Quick shrinks a recipe to seconds, for tests and dry runs: 256 training and
// 100 test images, a tiny network of the same kind, one epoch, small batches.
func Quick(r Recipe) Recipe {
	r.TrainImages, r.TestImages = min(r.TrainImages, 256), min(r.TestImages, 100)
	if r.Backbone != nil { // if it is missing, Validate says so
		r.Backbone = r.Backbone.Shrunk()
	}
	r.Epochs, r.Batch = 1, min(r.Batch, 32)
	r.Eval.K, r.Measures.KNN = min(r.Eval.K, 20), r.Measures.KNN.UpTo(20)
	r.Expect = Expect{}
	return r
}
