package recipe

import (
	"slices"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/schedule"
)

var _ = add(entry{
	name: "MSN", paper: "2204.07141",
	idea:      "a transformer that sees some patches gives an image the same soft class as one that sees all",
	benchmark: msn2023, since2023: msnHEAD, shapes: msnOnShapes,
	results: []result{
		{Lightly2023, dataset.Imagenette, 256, 800, 0.828, 14.7, 515.5},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.713, 14.7, 127.0},
	},
})

var _ = add(entry{
	name: "PMSN", paper: "2210.07277",
	idea:      "MSN that lets classes be of unequal size",
	benchmark: pmsn2023, since2023: pmsnHEAD, shapes: pmsnOnShapes,
	results: []result{
		{Lightly2023, dataset.Imagenette, 256, 800, 0.822, 14.7, 505.8},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.705, 14.7, 126.9},
	},
})

func msn2023(r *Recipe) {
	if r.small() {
		return
	}
	net := backbone.ViTSmall16()
	net.Positions, net.Resize, net.Init = backbone.Learned, backbone.Bicubic, backbone.TorchvisionInit
	r.Backbone = net
	full := vivid(augment.SimCLR(128).Blurred(0.5))
	full.Scale[0] = 0.3
	part := full
	part.Size, part.Scale = 64, [2]float64{0.05, 0.3}
	r.Views = append(both(full), slices.Repeat([]augment.Policy{part}, 10)...)
	r.Optim = adamW(0.95)
	r.LR = schedule.Schedule{From: 1.5e-4 * float64(r.Batch) / 256, Warmup: 15, Shape: schedule.Cosine, Per: schedule.Epoch}
	r.Method = method.MSN{
		Projector:   head.MLP{Layers: 3, Hidden: 2048, Out: 256, BatchNorm: true, OutNorm: head.NoNorm, GELU: true},
		Prototypes:  1024, // not trained: the paper trains them
		Temperature: 0.1, Sharpen: 0.25, Iterations: 3, Even: 1,
		Momentum: schedule.Constant(0.996),
		Masking:  method.Masking{Ratio: 0.15, CountClass: true},
		DropLast: true,
		Small:    10,
	}
}

func msnHEAD(r *Recipe) {
	m := r.Method.(method.MSN)
	m.Masking.CountClass = false
	r.Method = m
	r.Backbone = backbone.ViTSmall16()
	r.unended()
}

func pmsn2023(r *Recipe) {
	if msn2023(r); r.Method != nil {
		r.Method = method.PMSN{MSN: r.Method.(method.MSN), Exponent: 0.25, Plain: true}
	}
}

func pmsnHEAD(r *Recipe) {
	m := r.Method.(method.PMSN)
	r.Method = m.MSN
	msnHEAD(r)
	r.Method = method.PMSN{MSN: r.Method.(method.MSN), Exponent: m.Exponent}
}

func msnOnShapes(r *Recipe) {
	net := backbone.ViTTiny()
	net.Patch, net.Grid = 8, 4
	net.Depth = 2
	r.Backbone, r.Batch, r.Epochs = net, 64, 16
	part := augment.SimCLR(16)
	part.Scale = [2]float64{0.1, 0.3}
	r.Views = append(croppedFrom(0.3), part, part)
	r.Optim = adamW(0.95)
	r.LR = schedule.Schedule{From: 2e-3, Warmup: 80, Shape: schedule.Cosine, Per: schedule.Step}
	r.Method = method.MSN{
		Projector:   head.MLP{Layers: 3, Hidden: 128, Out: 64, BatchNorm: true, OutNorm: head.NoNorm, GELU: true},
		Prototypes:  64,
		Train:       true,
		Temperature: 0.1, Sharpen: 0.25, Iterations: 3, Even: 1,
		Momentum: schedule.Constant(0.99),
		Masking:  method.Masking{Ratio: 0.15},
		Small:    2,
	}
}

func pmsnOnShapes(r *Recipe) {
	msnOnShapes(r)
	r.Method = method.PMSN{MSN: r.Method.(method.MSN), Exponent: 0.25}
}
