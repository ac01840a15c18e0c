package eval

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/schedule"
)

// Linear classifies by a linear probe: multinomial logistic regression on
// frozen features, fitted by stochastic gradient descent with momentum. The
// learning rate falls from LR along half a cosine to 0, step by step. The zero
// value is off.
//
// Features are standardised: each is shifted and scaled to mean 0 and standard
// deviation 1 over the images that the probe is fitted to. Their scale differs
// so much between methods that no learning rate suits all of them (solo-learn
// takes 0.1 for SimCLR, 30 for SimSiam). He et al., Masked Autoencoders Are
// Scalable Vision Learners, 2021, arXiv:2111.06377, appendix A.1, do the same
// with a batch norm.
//
// Features come from images as they are, once, or, with a View, from images that are
// drawn anew for every epoch, as published probes mostly have it. That costs a pass
// through the network in each. What is classified is always the images as they are.
type Linear struct {
	Epochs      int     `json:"epochs"` // 0: no probe
	Batch       int     `json:"batch"`  // features per step; a last, smaller batch is left out
	LR          float64 `json:"lr"`     // of the first step
	Momentum    float64 `json:"momentum"`
	WeightDecay float64 `json:"weight_decay"`
	Seed        uint64  `json:"seed"` // of the order of the features, and of views

	// View draws the images for each epoch, such as [augment.Policy.CropAndFlip] of the
	// policy that images are evaluated with; zero: the images as they are.
	View augment.Policy `json:"view,omitzero"`
}

// DefaultLinear is lightly's linear evaluation (SGD without weight decay, LR 0.1
// for a batch of 256) with 100 epochs, as solo-learn has them, instead of 90.
func DefaultLinear() Linear {
	return Linear{Epochs: 100, Batch: 256, LR: 0.1, Momentum: 0.9}
}

// DefaultLinearCrops is the linear evaluation of lightly and others: 90 epochs of random
// crops and flips, for images that a policy prepares, else as [DefaultLinear].
func DefaultLinearCrops(prepared augment.Policy) Linear {
	l := DefaultLinear()
	l.Epochs, l.View = 90, prepared.CropAndFlip()
	return l
}

// Drawn reports whether images are drawn anew for every epoch.
func (l Linear) Drawn() bool { return l.View != augment.Policy{} }

// On reports whether there is anything to do: the zero value is off.
func (l Linear) On() bool { return l.Epochs != 0 }

// Validate reports the first field that makes no sense.
func (l Linear) Validate() error {
	switch {
	case !l.On():
		return nil
	case l.Epochs < 0:
		return fmt.Errorf("eval: Linear: epochs %d, want 0 or more", l.Epochs)
	case l.Batch < 1:
		return fmt.Errorf("eval: Linear: batch %d, want at least 1", l.Batch)
	case !(l.LR > 0) || math.IsInf(l.LR, 1):
		return fmt.Errorf("eval: Linear: lr %g, want a positive one", l.LR)
	case !(l.Momentum >= 0 && l.Momentum < 1):
		return fmt.Errorf("eval: Linear: momentum %g, want one in [0, 1)", l.Momentum)
	case !(l.WeightDecay >= 0) || math.IsInf(l.WeightDecay, 1):
		return fmt.Errorf("eval: Linear: weight_decay %g, want 0 or more", l.WeightDecay)
	}
	if !l.Drawn() {
		return nil
	}
	if err := l.View.Validate(); err != nil {
		return fmt.Errorf("eval: Linear: view: %w", err)
	}
	return nil
}

// key is that of the views of an epoch.
func (l Linear) key(epoch int) uint64 { return op.Key(l.Seed, uint64(epoch), 1) }

// steps is the number of steps in an epoch, and the size of their batches.
func (l Linear) steps(images int) (steps, batch int) {
	batch = min(l.Batch, images)
	return images / batch, batch
}

// order draws the images of an epoch's steps, one step after the other, from
// the seed and the epoch's number alone.
func (l Linear) order(epoch, images int) []int32 {
	steps, batch := l.steps(images)
	random := rand.New(rand.NewPCG(op.Key(l.Seed, uint64(epoch)), 0))
	order := make([]int32, steps*batch)
	for i, image := range random.Perm(images)[:len(order)] {
		order[i] = int32(image)
	}
	return order
}

// rates are the learning rates of an epoch's steps.
func (l Linear) rates(epoch, images int) []float32 {
	steps, _ := l.steps(images)
	rate := schedule.Schedule{From: l.LR, Shape: schedule.Annealing, Per: schedule.Step}
	rates := make([]float32, steps)
	for s := range rates {
		rates[s] = float32(rate.Value(epoch*steps+s, l.Epochs*steps))
	}
	return rates
}
