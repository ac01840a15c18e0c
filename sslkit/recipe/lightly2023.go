package recipe

import (
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/schedule"
)

// lightly2023 returns the recipes of the preset, which is the state behind the
// tables of April 2023 (CIFAR-10) and May 2023 (ImageNette). The other presets are
// this one and what they differ in.
func lightly2023(data dataset.Name, batch, epochs int) []Recipe {
	var recipes []Recipe
	for _, set := range []func(r *Recipe){moco2023, simCLR2023, simSiam2023, barlowTwins2023, byol2023, dcl2023, dclw2023} {
		r := common2023(data, batch, epochs)
		set(&r)
		if r.Method != nil { // there is a recipe on these data
			recipes = append(recipes, r)
		}
	}
	return finish(recipes)
}

// common2023 is what a recipe has if its method does not say otherwise.
func common2023(data dataset.Name, batch, epochs int) Recipe {
	r := common(data, batch, epochs)
	r.Preset = Lightly2023
	if r.small() {
		r.Views = both(augment.SimCLR(32)) // BarlowTwins and BYOL, too
		r.LR = annealed(0.06 * float64(batch) / 128)
		r.Source = "lightly, cifar10_benchmark.py and benchmark page of April 2023; bf16 arithmetic instead of TF32"
	} else {
		r.Views = both(augment.SimCLR(128).Blurred(0.5))
		r.LR = annealed(0.06 * float64(batch) / 256)
		r.Source = "lightly, imagenette_benchmark.py and benchmark page of May 2023; bf16 arithmetic instead of TF32"
	}
	return r
}

func moco2023(r *Recipe) {
	m := method.MoCo{
		Projector:   head.MLP{Layers: 2, Hidden: 2048, Out: 128, OutNorm: head.NoNorm},
		Temperature: 0.1,
		Queue:       4096,
		Momentum:    schedule.Constant(0.99),
		Moves:       1,
		Enqueue:     method.EnqueueBetween,
	}
	if r.small() {
		m.Projector.Hidden = 512
		net := backbone.ResNet18()
		net.Splits = 8 // batch norm of its own for each eighth of a batch, as if it lay on a GPU of its own
		r.Backbone = net
		if r.Batch == 512 {
			m.Queue = 8192 // a footnote of the table; the script has 4096
		}
	}
	r.Method = m
}

func simCLR2023(r *Recipe) {
	r.Method = method.SimCLR{Projector: projector2023(), Temperature: 0.5}
}

// projector2023 is the projection head of SimCLR, DCL and DCLW.
func projector2023() head.MLP {
	return head.MLP{Layers: 2, Hidden: 512, Out: 128, BatchNorm: true, OutNorm: head.AffineNorm}
}

func simSiam2023(r *Recipe) {
	r.LR = annealed(0.06) // at every batch size
	m := method.SimSiam{
		Projector: head.MLP{Layers: 3, Hidden: 2048, Out: 2048, BatchNorm: true, OutNorm: head.PlainNorm},
		Predictor: head.MLP{Layers: 2, Hidden: 512, Out: 2048, BatchNorm: true, OutNorm: head.NoNorm},
	}
	r.Views = both(augment.SimSiam(128).Blurred(0.5))
	if r.small() {
		r.Views = both(augment.SimSiam(32))
		m.Projector.Layers, m.Projector.OutNorm = 2, head.AffineNorm
	}
	r.Method = m
}

func barlowTwins2023(r *Recipe) {
	m := method.BarlowTwins{
		Projector: head.MLP{Layers: 3, Hidden: 2048, Out: 2048, BatchNorm: true, OutNorm: head.NoNorm},
		Lambda:    0.005,
		Unbiased:  true,
	}
	if r.small() {
		m.Projector.Layers = 2
	}
	r.Method = m
}

func byol2023(r *Recipe) {
	layers := head.MLP{Layers: 2, Hidden: 4096, Out: 256, BatchNorm: true, OutNorm: head.NoNorm}
	if r.small() {
		layers.Hidden = 1024
	}
	r.Method = method.BYOL{Projector: layers, Predictor: layers, Momentum: schedule.Constant(0.99), Moves: 1}
}

func dcl2023(r *Recipe) {
	r.Method = method.DCL{Projector: projector2023(), Temperature: 0.1, Separate: true}
}

func dclw2023(r *Recipe) {
	r.Method = method.DCLW{Projector: projector2023(), Temperature: 0.1, Sigma: 0.5, Separate: true}
}
