package recipe

import (
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/schedule"
)

var _ = add(entry{
	name: "MoCo", paper: "1911.05722",
	idea:      "find the other view among the keys of earlier batches, which a moving average of the network made",
	benchmark: moco2023, in2021: moco2021, since2023: mocoHEAD, shapes: mocoOnShapes,
	results: []result{
		{Seed2021, dataset.CIFAR10, 128, 200, 0.83, 2.1, 0},
		{Seed2021, dataset.CIFAR10, 512, 200, 0.85, 7.4, 0},
		{Seed2021, dataset.CIFAR10, 512, 800, 0.90, 7.2, 0},
		{Seed2021, dataset.CIFAR10, 128, 800, 0.89, 2.1, 0},
		{Seed2021, dataset.Imagenette, 256, 800, 0.827, 0, 0},
		{Lightly2023, dataset.CIFAR10, 128, 200, 0.838, 1.7, 128.8},
		{Lightly2023, dataset.CIFAR10, 512, 200, 0.847, 5.6, 112.2},
		{Lightly2023, dataset.CIFAR10, 512, 800, 0.899, 5.4, 417.8},
		{Lightly2023, dataset.Imagenette, 256, 800, 0.874, 4.3, 231.7},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.786, 4.3, 57.5},
	},
})

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

func moco2021(r *Recipe) {
	m := r.Method.(method.MoCo)
	m.Projector.Hidden = 512 // on ImageNette, too
	m.Queue = 4096           // at batch 512, too
	m.Moves = 2              // 0.99² = 0.9801 in a step
	r.Method = m
}

func mocoHEAD(r *Recipe) {
	m := r.Method.(method.MoCo)
	m.Queue = 4096 // at batch 512, too, as it always was in the script
	r.Method = m
}

func mocoOnShapes(r *Recipe) {
	narrow(r, 5)
	r.LR = annealed(0.12)
	r.Method = method.MoCo{
		Projector:   head.MLP{Layers: 2, Hidden: 128, Out: 64, OutNorm: head.NoNorm},
		Temperature: 0.2,
		Queue:       1024,
		Momentum:    schedule.Constant(0.97),
		Moves:       1,
		Enqueue:     method.EnqueueBetween,
	}
}
