package recipe

import (
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
)

var _ = add(entry{
	name: "VICRegL", paper: "2210.01571",
	idea:      "VICReg, also of the parts of two views that look alike, or show the same place",
	benchmark: vicRegL2023, since2023: vicRegLHEAD, shapes: vicRegLOnShapes,
	results: []result{
		{Lightly2023, dataset.Imagenette, 256, 800, 0.778, 4.0, 218.7},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.689, 4.0, 56.7},
	},
})

func vicRegL2023(r *Recipe) {
	if r.small() {
		return
	}
	r.Views = both(augment.VICRegL(128))
	r.Optim, r.LR = lars, r.warmed(0.3, 10)
	r.Method = method.VICRegL{
		Projector:       head.MLP{Layers: 3, Hidden: 2048, Out: 2048, BatchNorm: true, OutNorm: head.NoNorm},
		Local:           head.MLP{Layers: 3, Hidden: 128, Out: 128, LayerNorm: true, OutNorm: head.NoNorm},
		Invariance:      25,
		Variance:        25,
		Covariance:      1,
		LocalCovariance: 0.5,
		Global:          0.75,
		Matches:         [2]int{20, 4}, // of 16 cells
	}
}

func vicRegLHEAD(r *Recipe) { r.unended() }

func vicRegLOnShapes(r *Recipe) {
	narrow(r, 4)
	r.Views = croppedFrom(0.4)
	r.LR = annealed(0.03)
	r.Method = method.VICRegL{
		Projector:       head.MLP{Layers: 2, Hidden: 128, Out: 128, BatchNorm: true, OutNorm: head.NoNorm},
		Local:           head.MLP{Layers: 2, Hidden: 32, Out: 32, LayerNorm: true, OutNorm: head.NoNorm},
		Invariance:      25,
		Variance:        25,
		Covariance:      1,
		LocalCovariance: 0.5,
		Global:          0.75,
		Matches:         [2]int{16, 4}, // of 64 cells
		Centred:         true,
	}
}
