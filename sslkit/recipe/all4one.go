package recipe

import (
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/schedule"
)

var _ = add(entry{
	name: "All4One", paper: "2303.09417",
	idea: "NNCLR, also with what a transformer makes of several neighbours, and with dimensions that tell different things",
	best: all4OneBest, shapes: all4OneOnShapes,
})

// all4OneBest is solo-learn's.
func all4OneBest(r *Recipe) {
	r.soloLearn("all4one.yaml", 1, 1e-5)
	r.Source += "; its transformer has a rate of its own there, which peaks at 0.1"
	r.Views = byolViews(r)
	r.Method = method.All4One{
		Projector:           head.MLP{Layers: 3, Hidden: 2048, Out: 256, BatchNorm: true, OutNorm: head.AffineNorm},
		Predictor:           head.MLP{Layers: 2, Hidden: 4096, Out: 256, BatchNorm: true, OutNorm: head.NoNorm},
		Encoder:             head.Encoder{Depth: 3, Heads: 8, Hidden: 512, Dropout: 0.1},
		Neighbours:          5,
		Queue:               98304,
		Momentum:            schedule.Schedule{From: 0.99, To: 1, Shape: schedule.Cosine, Per: schedule.Step},
		Temperature:         0.2,
		CentroidTemperature: 0.1,
		Neighbour:           0.5,
		Centroid:            0.5,
		Feature:             5,
	}
}

func all4OneOnShapes(r *Recipe) {
	narrow(r, 5)
	r.LR = annealed(0.12)
	r.Method = method.All4One{
		Projector:           shapesProjector(),
		Predictor:           head.MLP{Layers: 2, Hidden: 128, Out: 64, BatchNorm: true, OutNorm: head.NoNorm},
		Encoder:             head.Encoder{Depth: 1, Heads: 4, Hidden: 128, Dropout: 0.1},
		Neighbours:          5,
		Queue:               1024,
		Momentum:            schedule.Constant(0.97),
		Temperature:         0.2,
		CentroidTemperature: 0.1,
		Neighbour:           0.5,
		Centroid:            0.5,
		Feature:             5,
	}
}
