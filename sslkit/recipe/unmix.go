package recipe

import (
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

var _ = add(entry{
	name: "UnMix", paper: "2003.05438",
	idea: "MoCo, SimCLR, SimSiam, BYOL or MoCoV3, which also compares mixtures of images with both",
	best: unMixBest, shapes: unMixOnShapes,
})

// unMixBest is MoCo with mixtures, as in the script for CIFAR-10 of Un-Mix's authors. Its
// loss is the sum of both halves, ours their mean: with twice the rate and half the decay
// steps are the same.
func unMixBest(r *Recipe) {
	moco2023(r)
	base := r.Method.(method.MoCo)
	base.Enqueue, base.Queue = method.EnqueueAfter, 4096
	r.Method = method.UnMix{Base: base, Global: 0.5}
	r.Optim = optim.SGD{Momentum: 0.9, WeightDecay: schedule.Constant(2.5e-4)}
	r.LR = annealed(0.12 * float64(r.Batch) / 512)
	r.Source = "Un-Mix, unmix_c10.py of February 2021, where it trains for 1000 epochs at batch 512; " +
		"with lightly's projection head of two layers where it has one, and kNN of features, not of projections; no published result"
}

// unMixOnShapes has SimCLR for a base, but a smaller network.
func unMixOnShapes(r *Recipe) {
	simCLROnShapes(r)
	narrow(r, 5)
	r.Method = method.UnMix{Base: r.Method.(method.SimCLR), Global: 0.5}
}
