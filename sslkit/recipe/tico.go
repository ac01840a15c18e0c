package recipe

import (
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

var _ = add(entry{
	name: "TiCo", paper: "2206.10698",
	idea:      "agree with a moving average of the network, away from the directions that projections had of late",
	benchmark: tiCo2023, since2023: tiCoHEAD, shapes: tiCoOnShapes,
	results: []result{
		{Lightly2023, dataset.Imagenette, 256, 800, 0.856, 2.5, 177.8},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.742, 2.5, 45.6},
	},
})

// tiCo2023 has one direction, as lightly's script does: view 0 learns from view 1.
func tiCo2023(r *Recipe) {
	if r.small() {
		return
	}
	r.Optim = optim.SGD{Momentum: 0.9, WeightDecay: schedule.Constant(1e-4)}
	r.LR = r.warmed(0.3, 20)
	r.Method = method.TiCo{
		Projector: head.MLP{Layers: 2, Hidden: 1024, Out: 256, BatchNorm: true, OutNorm: head.NoNorm},
		Momentum:  schedule.Schedule{From: 0.996, To: 1, Shape: schedule.Cosine, Per: schedule.Epoch},
		Beta:      0.9,
		Rho:       20,
		Through:   true,
	}
}

func tiCoHEAD(r *Recipe) {
	m := r.Method.(method.TiCo)
	m.Rho, m.Through = 8, false
	r.Method, r.Views = m, byolViews(r)
	r.unended()
}

func tiCoOnShapes(r *Recipe) {
	narrow(r, 5)
	r.LR = annealed(0.12)
	r.Method = method.TiCo{
		Projector: shapesProjector(),
		Momentum:  schedule.Constant(0.9), // as BYOL's here
		Beta:      0.9,
		Rho:       8,
	}
}
