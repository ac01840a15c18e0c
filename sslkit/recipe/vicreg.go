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
	name: "VICReg", paper: "2105.04906",
	idea:      "views agree, and each dimension keeps varying and telling something of its own",
	benchmark: vicReg2023, since2023: vicRegHEAD, shapes: vicRegOnShapes,
	results: []result{
		{Lightly2023, dataset.Imagenette, 256, 800, 0.845, 4.0, 205.6},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.763, 4.0, 53.2},
	},
})

// lars is the optimizer of VICReg and VICRegL. Biases and batch norms are scaled and
// decayed, too, which the papers exempt: SkipVectors.
var lars = optim.LARS{Momentum: 0.9, WeightDecay: schedule.Constant(1e-4), Trust: 0.001, Epsilon: 1e-8}

func vicReg2023(r *Recipe) {
	if r.small() {
		return
	}
	r.Views = both(augment.VICReg(128))
	r.Optim, r.LR = lars, r.warmed(0.3, 20)
	r.Method = method.VICReg{
		Projector:  head.MLP{Layers: 3, Hidden: 2048, Out: 2048, BatchNorm: true, OutNorm: head.NoNorm},
		Invariance: 25,
		Variance:   25,
		Covariance: 1,
	}
}

func vicRegHEAD(r *Recipe) { r.unended() }

func vicRegOnShapes(r *Recipe) {
	narrow(r, 5)
	r.Views = croppedFrom(0.4)
	r.LR = annealed(0.03)
	r.Method = method.VICReg{
		Projector:  head.MLP{Layers: 2, Hidden: 128, Out: 128, BatchNorm: true, OutNorm: head.NoNorm},
		Invariance: 25,
		Variance:   25,
		Covariance: 1,
	}
}
