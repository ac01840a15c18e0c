package recipe

import (
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/schedule"
)

// The preset seed2021 is the state of June 2021. What later ones have changed:
//
//   - the learning rate is 0.06 at every batch size;
//   - all methods have SimCLR's augmentation, on ImageNette with a blur of 5 to 7 pixels;
//   - all layers of heads have a bias, also before batch norm, and SimCLR's head
//     has no batch norm;
//   - the targets of MoCo and BYOL move twice in a step, BYOL's with a momentum of 0.9;
//   - features on ImageNette come after a further 1×1 convolution.
//
// One difference is not here: its kNN seems to have taken the bank of features
// from within the training epoch, so that it was an epoch older than the queries.
// We evaluate as the others do.

// seed2021CIFAR10 returns the recipes on CIFAR-10. That year's script has neither
// BarlowTwins nor BYOL, although their results are in the table.
func seed2021CIFAR10(batch, epochs int) []Recipe {
	r := cifar10(Seed2021, batch, epochs)
	r.Views = both(augment.SimCLR(32)) // SimSiam, too
	r.LR = annealed(0.06)              // at every batch size
	r.Source = "lightly, cifar10_benchmark.py and benchmark page of June 2021; bf16 arithmetic instead of float32"

	moco, simCLR, simSiam, barlowTwins, byol := seed2021Methods(r)
	moco.Backbone = splitNorm()
	unpublished := "lightly, benchmark page of June 2021, whose recipe for it on CIFAR-10 is unpublished: " +
		"that of imagenette_benchmark.py without blur; bf16 arithmetic instead of float32"
	barlowTwins.Source, byol.Source = unpublished, unpublished
	return finish(moco, simCLR, simSiam, barlowTwins, byol)
}

// seed2021Imagenette returns the recipes on ImageNette.
func seed2021Imagenette(batch, epochs int) []Recipe {
	r := imagenette(Seed2021, batch, epochs)
	net := backbone.ResNet18Large()
	net.FinalConv = true
	r.Backbone = net
	r.Views = both(augment.SimCLR(128).Blurred2021(0.5)) // a radius in pixels where σ was meant
	r.LR = annealed(0.06)
	r.Source = "lightly, imagenette_benchmark.py and benchmark page of June 2021; bf16 arithmetic instead of float32"

	return finish(seed2021Methods(r))
}

// seed2021Methods sets the methods, whose hyperparameters are the same on both
// data sets.
func seed2021Methods(r Recipe) (moco, simCLR, simSiam, barlowTwins, byol Recipe) {
	moco, simCLR, simSiam, barlowTwins, byol = r, r, r, r, r
	moco.Method = method.MoCo{
		Projector:   head.MLP{Layers: 2, Hidden: 512, Out: 128, OutNorm: head.NoNorm}, // 512 on ImageNette, too
		Temperature: 0.1,
		Queue:       4096, // at batch 512, too
		Momentum:    schedule.Constant(0.99),
		Moves:       2, // 0.99² = 0.9801 in a step
		Enqueue:     method.EnqueueBetween,
	}
	simCLR.Method = method.SimCLR{
		Projector:   head.MLP{Layers: 2, Hidden: 512, Out: 128, BatchNorm: false, OutNorm: head.NoNorm},
		Temperature: 0.5,
	}
	simSiam.Method = method.SimSiam{ // two layers on ImageNette, too
		Projector: head.MLP{Layers: 2, Hidden: 2048, Out: 2048, BatchNorm: true, OutNorm: head.AffineNorm, AllBiases: true},
		Predictor: head.MLP{Layers: 2, Hidden: 512, Out: 2048, BatchNorm: true, OutNorm: head.NoNorm, AllBiases: true},
	}
	barlowTwins.Method = method.BarlowTwins{ // two layers on ImageNette, too
		Projector: head.MLP{Layers: 2, Hidden: 2048, Out: 2048, BatchNorm: true, OutNorm: head.NoNorm, AllBiases: true},
		Lambda:    0.005,
		Unbiased:  true,
	}
	byol.Method = method.BYOL{
		Projector: head.MLP{Layers: 2, Hidden: 4096, Out: 256, BatchNorm: true, OutNorm: head.NoNorm, AllBiases: true},
		Predictor: head.MLP{Layers: 2, Hidden: 4096, Out: 256, BatchNorm: true, OutNorm: head.NoNorm, AllBiases: true},
		Momentum:  schedule.Constant(0.9),
		Moves:     2, // 0.9² = 0.81 in a step
	}
	return moco, simCLR, simSiam, barlowTwins, byol
}
