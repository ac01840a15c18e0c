package recipe

import (
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/schedule"
)

var _ = add(entry{
	name: "MoCoV3", paper: "2104.02057",
	idea: "MoCo without a queue and with BYOL's predictor: find the other view's key among the batch",
	best: mocoV3Best, shapes: mocoV3OnShapes,
})

// mocoV3Best is solo-learn's.
func mocoV3Best(r *Recipe) {
	r.soloLearn("mocov3.yaml", 0.3, 1e-6)
	r.Views = byolViews(r)
	r.Method = method.MoCoV3{
		Projector:   head.MLP{Layers: 2, Hidden: 4096, Out: 256, BatchNorm: true, OutNorm: head.PlainNorm},
		Predictor:   head.MLP{Layers: 2, Hidden: 4096, Out: 256, BatchNorm: true, OutNorm: head.NoNorm},
		Temperature: 0.2,
		Momentum:    schedule.Schedule{From: 0.99, To: 1, Shape: schedule.Cosine, Per: schedule.Step},
	}
}

func mocoV3OnShapes(r *Recipe) {
	narrow(r, 5)
	r.LR = annealed(0.12)
	r.Method = method.MoCoV3{
		Projector:   shapesProjector(),
		Predictor:   head.MLP{Layers: 2, Hidden: 128, Out: 64, BatchNorm: true, OutNorm: head.NoNorm},
		Temperature: 0.2,
		Momentum:    schedule.Constant(0.97),
	}
}
