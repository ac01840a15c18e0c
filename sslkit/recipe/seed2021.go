package recipe

import (
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
)

// before2023 makes a recipe of seed2021, which is the state of June 2021: it takes back
// what was changed until 2023, and reports whether there was the method. Layers before
// batch norm had a bias, too.
//
// One difference is not here: its kNN seems to have taken the bank of features
// from within the training epoch, so that it was an epoch older than the queries.
// We evaluate as the others do.
func before2023(e entry, r *Recipe) bool {
	if e.in2021 == nil {
		return false
	}
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
	e.in2021(r)
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
