package recipe

import (
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/schedule"
)

// The preset lightlyHEAD is the state of the scripts at commit e8d317fc, of 2026.
// No results were published for it. What it has changed against lightly2023:
//
//   - BarlowTwins and BYOL have BYOL's augmentation, which differs between the views;
//   - BarlowTwins standardises with the biased variance;
//   - DCL and DCLW sum over the negatives of both views at once;
//   - MoCo's queue is 4096 at every batch size, as it always was in the script;
//   - the script for ImageNette has batch 128; recipes for 256 are there to compare
//     with the tables of 2023.

// lightlyHEADCIFAR10 returns the recipes on CIFAR-10.
func lightlyHEADCIFAR10(batch, epochs int) []Recipe {
	r := cifar10(LightlyHEAD, batch, epochs)
	r.Views = both(augment.SimCLR(32))
	r.LR = annealed(0.06 * float64(batch) / 128)
	r.Source = "lightly, cifar10_benchmark.py at commit e8d317fc, 2026, without published results; bf16 arithmetic instead of TF32"

	moco, simCLR, simSiam, barlowTwins, byol, dcl, dclw := r, r, r, r, r, r, r
	moco.Backbone = splitNorm()
	moco.Method = method.MoCo{
		Projector:   head.MLP{Layers: 2, Hidden: 512, Out: 128, OutNorm: head.NoNorm},
		Temperature: 0.1,
		Queue:       4096, // at batch 512, too
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
	view0, view1 := augment.BYOL(32)
	views := []augment.Policy{view0.Blurred(0), view1.Blurred(0)} // view 1 is still solarized
	barlowTwins.Views, byol.Views = views, views
	barlowTwins.Method = method.BarlowTwins{
		Projector: head.MLP{Layers: 2, Hidden: 2048, Out: 2048, BatchNorm: true, OutNorm: head.NoNorm},
		Lambda:    0.005,
		Unbiased:  false,
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
		Separate:    false,
	}
	dclw.Method = method.DCLW{
		Projector:   head.MLP{Layers: 2, Hidden: 512, Out: 128, BatchNorm: true, OutNorm: head.AffineNorm},
		Temperature: 0.1,
		Sigma:       0.5,
		Separate:    false,
	}
	return finish(moco, simCLR, simSiam, barlowTwins, byol, dcl, dclw)
}

// lightlyHEADImagenette returns the recipes on ImageNette.
func lightlyHEADImagenette(batch, epochs int) []Recipe {
	r := imagenette(LightlyHEAD, batch, epochs)
	r.Views = both(augment.SimCLR(128).Blurred(0.5))
	r.LR = annealed(0.06 * float64(batch) / 256)
	r.Source = "lightly, imagenette_benchmark.py at commit e8d317fc, 2026, without published results; bf16 arithmetic instead of TF32"

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
	view0, view1 := augment.BYOL(128)
	views := []augment.Policy{view0, view1}
	barlowTwins.Views, byol.Views = views, views
	barlowTwins.Method = method.BarlowTwins{
		Projector: head.MLP{Layers: 3, Hidden: 2048, Out: 2048, BatchNorm: true, OutNorm: head.NoNorm},
		Lambda:    0.005,
		Unbiased:  false,
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
		Separate:    false,
	}
	dclw.Method = method.DCLW{
		Projector:   head.MLP{Layers: 2, Hidden: 512, Out: 128, BatchNorm: true, OutNorm: head.AffineNorm},
		Temperature: 0.1,
		Sigma:       0.5,
		Separate:    false,
	}
	return finish(moco, simCLR, simSiam, barlowTwins, byol, dcl, dclw)
}
