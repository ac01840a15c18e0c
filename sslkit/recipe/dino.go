package recipe

import (
	"slices"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/schedule"
)

var _ = add(entry{
	name: "DINO", paper: "2104.14294",
	idea:      "give small parts of an image the same soft class as a slowly moving teacher gives large ones",
	benchmark: dino2023, since2023: dinoHEAD, shapes: dinoOnShapes,
	results: []result{
		{Lightly2023, dataset.CIFAR10, 128, 200, 0.840, 1.6, 120.3},
		{Lightly2023, dataset.CIFAR10, 512, 200, 0.813, 5.0, 108.6},
		{Lightly2023, dataset.CIFAR10, 512, 800, 0.848, 5.0, 405.2},
		{Lightly2023, dataset.Imagenette, 256, 800, 0.888, 6.6, 312.3},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.873, 6.6, 75.4},
	},
})

func dino2023(r *Recipe) {
	m := method.DINO{
		Projector: head.MLP{
			Layers: 3, Hidden: 2048, Out: 256, BatchNorm: true, OutNorm: head.NoNorm, GELU: true,
			SharedNorm: true, // both hidden layers had one module, until November 2024
			InitStd:    0.2,  // ten times the paper's, until May 2025
		},
		Prototypes:         2048, // the paper has 65,536
		Local:              6,
		StudentTemperature: 0.1,
		TeacherTemperature: schedule.Constant(0.04), // a warm-up from 0.04 to 0.04; the paper's leads to 0.07
		CenterMomentum:     0.9,
		Momentum:           schedule.Constant(0.99), // the paper's rises to 1
		DrawTeacher:        true,                    // the paper copies the student
	}
	view0, view1, local := augment.DINO(128, 64)
	r.Views = multiCrop(local, 6, view0, view1)
	if r.small() {
		m.Projector.Layers, m.Projector.SharedNorm, m.Projector.InitStd = 2, false, 0
		m.Local = 0
		view0, view1, _ := augment.DINO(32, 32)
		r.Views = []augment.Policy{view0.Blurred(0), view1.Blurred(0)}
	}
	r.Method = m
}

func dinoHEAD(r *Recipe) {
	m := r.Method.(method.DINO)
	if !r.small() {
		m.Projector.SharedNorm, m.Projector.InitStd = false, 0.02
	}
	r.Method = m
}

func dinoOnShapes(r *Recipe) {
	narrow(r, 5)
	r.LR = annealed(0.12)
	r.Method = method.DINO{
		Projector:          head.MLP{Layers: 2, Hidden: 128, Out: 64, BatchNorm: true, OutNorm: head.NoNorm, GELU: true},
		Prototypes:         256,
		Local:              2,
		StudentTemperature: 0.1,
		TeacherTemperature: schedule.Constant(0.04),
		CenterMomentum:     0.9,
		Momentum:           schedule.Constant(0.97),
	}
	r.Views = multiCrop(shapesLocal(), 2, croppedFrom(0.3)...)
}

// multiCrop is full views and so many local ones.
func multiCrop(local augment.Policy, locals int, full ...augment.Policy) []augment.Policy {
	return append(full, slices.Repeat([]augment.Policy{local}, locals)...)
}

// shapesLocal shows a part of a picture of Shapes that still has whole forms in it.
func shapesLocal() augment.Policy {
	view := augment.SimCLR(16)
	view.Scale = [2]float64{0.15, 0.3}
	return view
}
