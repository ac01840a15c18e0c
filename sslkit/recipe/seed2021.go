package recipe

import (
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/schedule"
)

// seed2021 returns the recipes of the preset, which is the state of June 2021.
//
// One difference is not here: its kNN seems to have taken the bank of features
// from within the training epoch, so that it was an epoch older than the queries.
// We evaluate as the others do.
func seed2021(data dataset.Name, batch, epochs int) []Recipe {
	var recipes []Recipe
	for _, r := range lightly2023(data, batch, epochs) {
		if before2023(&r) {
			recipes = append(recipes, r)
		}
	}
	return finish(recipes)
}

// before2023 takes back what was changed until 2023, and reports whether there was
// the method. Layers before batch norm had a bias, too.
func before2023(r *Recipe) bool {
	r.Preset, r.LR = Seed2021, annealed(0.06) // at every batch size
	r.Source = "lightly, cifar10_benchmark.py and benchmark page of June 2021; bf16 arithmetic instead of float32"
	r.Views = both(augment.SimCLR(32)) // SimSiam, too
	if !r.small() {
		r.Source = "lightly, imagenette_benchmark.py and benchmark page of June 2021; bf16 arithmetic instead of float32"
		r.Views = both(augment.SimCLR(128).Blurred2021(0.5)) // a radius in pixels where σ was meant
		net := backbone.ResNet18Large()
		net.FinalConv = true
		r.Backbone = net
	}
	switch m := r.Method.(type) {
	case method.MoCo:
		m.Projector.Hidden = 512 // on ImageNette, too
		m.Queue = 4096           // at batch 512, too
		m.Moves = 2              // 0.99² = 0.9801 in a step
		r.Method = m
	case method.SimCLR:
		m.Projector.BatchNorm, m.Projector.OutNorm = false, head.NoNorm
		r.Method = m
	case method.SimSiam: // two layers on ImageNette, too
		m.Projector.Layers, m.Projector.OutNorm = 2, head.AffineNorm
		m.Projector.AllBiases, m.Predictor.AllBiases = true, true
		r.Method = m
	case method.BarlowTwins: // two layers on ImageNette, too
		m.Projector.Layers, m.Projector.AllBiases = 2, true
		r.Method = m
		r.unpublished2021()
	case method.BYOL:
		m.Projector.Hidden, m.Projector.AllBiases = 4096, true
		m.Predictor = m.Projector
		m.Momentum, m.Moves = schedule.Constant(0.9), 2 // 0.9² = 0.81 in a step
		r.Method = m
		r.unpublished2021()
	default:
		return false // it joined later
	}
	return true
}

// unpublished2021 notes that the year's script for CIFAR-10 has neither BarlowTwins
// nor BYOL, although their results are in the table.
func (r *Recipe) unpublished2021() {
	if r.small() {
		r.Source = "lightly, benchmark page of June 2021, whose recipe for it on CIFAR-10 is unpublished: " +
			"that of imagenette_benchmark.py without blur; bf16 arithmetic instead of float32"
	}
}
