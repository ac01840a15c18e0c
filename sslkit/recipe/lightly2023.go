package recipe

import (
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/schedule"
)

// The preset lightly2023 is the state behind the tables of April 2023 (CIFAR-10)
// and May 2023 (ImageNette). What it has changed against seed2021:
//
//   - the learning rate grows with the batch, except SimSiam's;
//   - SimSiam's crops have at least 20 % of the area, and the blur on ImageNette
//     is the papers', σ from 0.1 to 2 pixels;
//   - SimCLR's head has batch norm on both layers, and layers before batch norm
//     have no bias;
//   - targets move once in a step, BYOL's with a momentum of 0.99;
//   - heads on ImageNette have become deeper (SimSiam, BarlowTwins) and wider
//     (MoCo) than those on CIFAR-10, where BYOL's have become smaller;
//   - features on ImageNette are the backbone's own;
//   - DCL and DCLW, of 2022, have joined.

// lightly2023CIFAR10 returns the recipes on CIFAR-10.
func lightly2023CIFAR10(batch, epochs int) []Recipe {
	r := cifar10(Lightly2023, batch, epochs)
	r.Views = both(augment.SimCLR(32)) // BarlowTwins and BYOL, too
	r.LR = annealed(0.06 * float64(batch) / 128)
	r.Source = "lightly, cifar10_benchmark.py and benchmark page of April 2023; bf16 arithmetic instead of TF32"

	moco, simCLR, simSiam, barlowTwins, byol, dcl, dclw := r, r, r, r, r, r, r
	moco.Backbone = splitNorm()
	queue := 4096
	if batch == 512 {
		queue = 8192 // a footnote of the table; the script has 4096
	}
	moco.Method = method.MoCo{
		Projector:   head.MLP{Layers: 2, Hidden: 512, Out: 128, OutNorm: head.NoNorm},
		Temperature: 0.1,
		Queue:       queue,
		Momentum:    schedule.Constant(0.99),
		Moves:       1,
		Enqueue:     method.EnqueueBetween,
	}
	simCLR.Method = method.SimCLR{
		Projector:   head.MLP{Layers: 2, Hidden: 512, Out: 128, BatchNorm: true, OutNorm: head.AffineNorm},
		Temperature: 0.5,
	}
	simSiam.LR = annealed(0.06) // at every batch size
	simSiam.Views = both(augment.SimSiam(32))
	simSiam.Method = method.SimSiam{
		Projector: head.MLP{Layers: 2, Hidden: 2048, Out: 2048, BatchNorm: true, OutNorm: head.AffineNorm},
		Predictor: head.MLP{Layers: 2, Hidden: 512, Out: 2048, BatchNorm: true, OutNorm: head.NoNorm},
	}
	barlowTwins.Method = method.BarlowTwins{
		Projector: head.MLP{Layers: 2, Hidden: 2048, Out: 2048, BatchNorm: true, OutNorm: head.NoNorm},
		Lambda:    0.005,
		Unbiased:  true,
	}
	byol.Method = method.BYOL{
		Projector: head.MLP{Layers: 2, Hidden: 1024, Out: 256, BatchNorm: true, OutNorm: head.NoNorm},
		Predictor: head.MLP{Layers: 2, Hidden: 1024, Out: 256, BatchNorm: true, OutNorm: head.NoNorm},
		Momentum:  schedule.Constant(0.99),
		Moves:     1,
	}
	dcl.Method = method.DCL{
		Projector:   head.MLP{Layers: 2, Hidden: 512, Out: 128, BatchNorm: true, OutNorm: head.AffineNorm},
		Temperature: 0.1,
		Separate:    true,
	}
	dclw.Method = method.DCLW{
		Projector:   head.MLP{Layers: 2, Hidden: 512, Out: 128, BatchNorm: true, OutNorm: head.AffineNorm},
		Temperature: 0.1,
		Sigma:       0.5,
		Separate:    true,
	}
	return finish(moco, simCLR, simSiam, barlowTwins, byol, dcl, dclw)
}

// lightly2023Imagenette returns the recipes on ImageNette.
func lightly2023Imagenette(batch, epochs int) []Recipe {
	r := imagenette(Lightly2023, batch, epochs)
	r.Views = both(augment.SimCLR(128).Blurred(0.5)) // BarlowTwins and BYOL, too
	r.LR = annealed(0.06 * float64(batch) / 256)
	r.Source = "lightly, imagenette_benchmark.py and benchmark page of May 2023; bf16 arithmetic instead of TF32"

	moco, simCLR, simSiam, barlowTwins, byol, dcl, dclw := r, r, r, r, r, r, r
	moco.Method = method.MoCo{ // with plain batch norm in the backbone
		Projector:   head.MLP{Layers: 2, Hidden: 2048, Out: 128, OutNorm: head.NoNorm},
		Temperature: 0.1,
		Queue:       4096,
		Momentum:    schedule.Constant(0.99),
		Moves:       1,
		Enqueue:     method.EnqueueBetween,
	}
	simCLR.Method = method.SimCLR{
		Projector:   head.MLP{Layers: 2, Hidden: 512, Out: 128, BatchNorm: true, OutNorm: head.AffineNorm},
		Temperature: 0.5,
	}
	simSiam.LR = annealed(0.06) // at every batch size
	simSiam.Views = both(augment.SimSiam(128).Blurred(0.5))
	simSiam.Method = method.SimSiam{
		Projector: head.MLP{Layers: 3, Hidden: 2048, Out: 2048, BatchNorm: true, OutNorm: head.PlainNorm},
		Predictor: head.MLP{Layers: 2, Hidden: 512, Out: 2048, BatchNorm: true, OutNorm: head.NoNorm},
	}
	barlowTwins.Method = method.BarlowTwins{
		Projector: head.MLP{Layers: 3, Hidden: 2048, Out: 2048, BatchNorm: true, OutNorm: head.NoNorm},
		Lambda:    0.005,
		Unbiased:  true,
	}
	byol.Method = method.BYOL{
		Projector: head.MLP{Layers: 2, Hidden: 4096, Out: 256, BatchNorm: true, OutNorm: head.NoNorm},
		Predictor: head.MLP{Layers: 2, Hidden: 4096, Out: 256, BatchNorm: true, OutNorm: head.NoNorm},
		Momentum:  schedule.Constant(0.99),
		Moves:     1,
	}
	dcl.Method = method.DCL{
		Projector:   head.MLP{Layers: 2, Hidden: 512, Out: 128, BatchNorm: true, OutNorm: head.AffineNorm},
		Temperature: 0.1,
		Separate:    true,
	}
	dclw.Method = method.DCLW{
		Projector:   head.MLP{Layers: 2, Hidden: 512, Out: 128, BatchNorm: true, OutNorm: head.AffineNorm},
		Temperature: 0.1,
		Sigma:       0.5,
		Separate:    true,
	}
	return finish(moco, simCLR, simSiam, barlowTwins, byol, dcl, dclw)
}
