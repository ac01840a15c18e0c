package recipe

import (
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

var _ = add(entry{
	name: "SwaV", paper: "2006.09882",
	idea:      "predict the cluster of one view from another, with clusters filled evenly",
	benchmark: swav2023, shapes: swavOnShapes,
	results: []result{
		{Lightly2023, dataset.CIFAR10, 128, 200, 0.812, 1.5, 99.6},
		{Lightly2023, dataset.CIFAR10, 512, 200, 0.842, 4.9, 88.7},
		{Lightly2023, dataset.CIFAR10, 512, 800, 0.884, 5.0, 330.5},
		{Lightly2023, dataset.Imagenette, 256, 800, 0.902, 6.4, 283.2},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.861, 6.4, 73.3},
	},
})

var _ = add(entry{
	name: "SwaVQueue", paper: "2006.09882",
	idea:      "SwaV that fills its clusters with earlier images, too",
	benchmark: swavQueue2023, shapes: swavQueueOnShapes,
	results: []result{
		{Lightly2023, dataset.Imagenette, 256, 800, 0.890, 6.4, 282.7},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.827, 6.4, 72.6},
	},
})

func swav2023(r *Recipe) {
	m := method.SwaV{
		Projector:   head.MLP{Layers: 2, Hidden: 2048, Out: 128, BatchNorm: true, OutNorm: head.NoNorm},
		Prototypes:  3000,
		Bias:        true, // not in the paper
		Local:       6,
		Temperature: 0.1,
		Epsilon:     0.05,
		Iterations:  3,
	}
	full, local := augment.SwAV(128, 64)
	r.Views = multiCrop(local, 6, both(full)...)
	rate := 1e-3 * float64(r.Batch) / 256
	if r.small() {
		m.Projector.Hidden, m.Prototypes, m.Local = 512, 512, 0
		full, _ := augment.SwAV(32, 32)
		r.Views = both(full.Blurred(0))
		rate = 1e-3 * float64(r.Batch) / 128
	}
	r.Method = m
	r.Optim, r.LR = adam(1e-6), annealed(rate)
}

// swavQueue2023 is for ImageNette alone.
func swavQueue2023(r *Recipe) {
	if r.small() {
		return
	}
	swav2023(r)
	r.Method = method.SwaVQueue{
		SwaV:      r.Method.(method.SwaV),
		Queue:     384, // the paper has 3,840, of batches of 256
		QueueFrom: 15,
	}
	r.Freeze = frozenPrototypes
}

// frozenPrototypes stay as they are drawn, but for their length, in the first epoch.
var frozenPrototypes = []optim.Freeze{{Path: "online/prototypes", Epochs: 1}}

// adam is PyTorch's, with the weight decay for batch norms and biases, too.
func adam(decay float64) optim.Adam {
	return optim.Adam{Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, WeightDecay: schedule.Constant(decay)}
}

func swavOnShapes(r *Recipe) {
	narrow(r, 5)
	r.Optim, r.LR = adam(1e-6), annealed(3e-3)
	r.Method = method.SwaV{
		Projector:   head.MLP{Layers: 2, Hidden: 128, Out: 64, BatchNorm: true, OutNorm: head.NoNorm},
		Prototypes:  64,
		Local:       2,
		Temperature: 0.1,
		Epsilon:     0.05,
		Iterations:  3,
	}
	r.Views = multiCrop(shapesLocal(), 2, croppedFrom(0.3)...)
}

func swavQueueOnShapes(r *Recipe) {
	swavOnShapes(r)
	r.Method = method.SwaVQueue{SwaV: r.Method.(method.SwaV), Queue: 128, QueueFrom: 1}
	r.Freeze = frozenPrototypes
}
