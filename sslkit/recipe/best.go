package recipe

import (
	"fmt"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

// strongest makes a recipe of best: what the literature recommends for ResNet-18 on
// CIFAR-10, most of it solo-learn's. Nobody has published a result for one of these
// runs with our kNN, and we have not measured any.
//
// Four views cost what two do in twice the epochs: compare 256/100 of FastSiam and
// FroSSL with 256/200 of the others.
func strongest(e entry, r *Recipe) bool {
	if e.best == nil {
		return false
	}
	r.Preset = Best
	e.best(r)
	return true
}

// soloLearn is the optimizer of solo-learn's recipes for CIFAR-10: LARS with a clipped
// ratio and without decay of batch norms and biases, at a rate that climbs for ten epochs
// and falls to 0, from step to step. Its warm-up begins at 3e-5, ours at a step's share.
//
// da Costa et al., solo-learn: A Library of Self-supervised Methods for Visual
// Representation Learning, 2022, JMLR 23(56).
func (r *Recipe) soloLearn(file string, lr, decay float64) {
	r.Optim = optim.LARS{Momentum: 0.9, WeightDecay: schedule.Constant(decay), Trust: 0.02, Epsilon: 1e-8, SkipVectors: true, Clip: true}
	r.LR = schedule.Schedule{
		From: lr * float64(r.Batch) / 256, Shape: schedule.Annealing,
		Warmup: 10 * r.Steps(), Per: schedule.Step,
	}
	r.Source = fmt.Sprintf("solo-learn, scripts/pretrain/cifar/%s, where it trains for 1000 epochs; no published result", file)
}

// strongColors is solo-learn's augmentation of both views.
func strongColors() augment.Policy { return vivid(augment.SimCLR(32).Blurred(0.5)) }

func simCLRBest(r *Recipe) {
	r.soloLearn("simclr.yaml", 0.4, 1e-4)
	r.Views = both(strongColors())
	r.Method = method.SimCLR{
		Projector:   head.MLP{Layers: 2, Hidden: 2048, Out: 256, OutNorm: head.NoNorm},
		Temperature: 0.2,
	}
}

// byolBest leaves out the bias of layers before batch norm, which has no effect.
func byolBest(r *Recipe) {
	r.soloLearn("byol.yaml", 1, 1e-5)
	r.Views = byolViews(r)
	layers := head.MLP{Layers: 2, Hidden: 4096, Out: 256, BatchNorm: true, OutNorm: head.NoNorm}
	r.Method = method.BYOL{
		Projector: layers, Predictor: layers, Moves: 1,
		Momentum: schedule.Schedule{From: 0.99, To: 1, Shape: schedule.Cosine, Per: schedule.Step},
	}
}

// froSSLBest has four views, as the runs of FroSSL's paper that learn fastest.
func froSSLBest(r *Recipe) {
	r.soloLearn("frossl.yaml", 0.3, 1e-4)
	r.Source += "; four views as in arXiv:2310.02903, and weight 1 of the invariance where the file has 1.4"
	r.Views = four(strongColors())
	r.Method = method.FroSSL{
		Projector: head.MLP{Layers: 3, Hidden: 2048, Out: 1024, BatchNorm: true, OutNorm: head.NoNorm},
		Full:      4,
	}
}

// fastSiamBest is lightly's of 2023, the first of its table for 200 epochs at batch 128,
// with a warm-up, and without decay of batch norms and biases.
func fastSiamBest(r *Recipe) {
	decayed := sgd
	decayed.SkipVectors = true
	r.Optim = decayed
	r.LR = schedule.Schedule{From: 0.06, Shape: schedule.Annealing, Warmup: 10 * r.Steps(), Per: schedule.Step}
	r.Source = "lightly, cifar10_benchmark.py of April 2023, with a warm-up of ten epochs and without decay of batch norms and biases; no published result"
}
