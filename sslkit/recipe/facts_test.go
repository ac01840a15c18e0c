package recipe

import (
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
)

// TestFacts spells out learning rates and results of single rows.
func TestFacts(t *testing.T) {
	const cifar, nette = dataset.CIFAR10, dataset.Imagenette
	for _, c := range []struct {
		preset        Preset
		data          dataset.Name
		name          string
		batch, epochs int
		lr            float64
		expect        Expect
	}{
		{Seed2021, cifar, "MoCo", 128, 800, .06, Expect{.89, 2.1, 0, v100}},
		{Seed2021, cifar, "MoCo", 512, 200, .06, Expect{.85, 7.4, 0, v100}},
		{Seed2021, cifar, "SimCLR", 128, 200, .06, Expect{.78, 2.0, 0, v100}},
		{Seed2021, cifar, "SimCLR", 512, 800, .06, Expect{.89, 7.7, 0, v100}},
		{Seed2021, cifar, "SimSiam", 128, 200, .06, Expect{.73, 3.0, 0, v100}},
		{Seed2021, cifar, "SimSiam", 512, 800, .06, Expect{.91, 6.9, 0, v100}},
		{Seed2021, cifar, "BarlowTwins", 512, 200, .06, Expect{.78, 7.1, 0, v100}},
		{Seed2021, cifar, "BYOL", 512, 200, .06, Expect{.84, 7.5, 0, v100}},
		{Seed2021, cifar, "BYOL", 512, 800, .06, Expect{}},
		{Seed2021, nette, "SimCLR", 256, 800, .06, Expect{.847, 0, 0, v100}},
		{Seed2021, nette, "BYOL", 256, 800, .06, Expect{.851, 0, 0, v100}},
		{Seed2021, nette, "BYOL", 256, 200, .06, Expect{}},
		{Lightly2023, cifar, "MoCo", 128, 200, .06, Expect{.838, 1.7, 128.8, a6000}},
		{Lightly2023, cifar, "MoCo", 512, 800, .24, Expect{.899, 5.4, 417.8, a6000}},
		{Lightly2023, cifar, "SimCLR", 128, 200, .06, Expect{.847, 1.5, 97.7, a6000}},
		{Lightly2023, cifar, "SimCLR", 512, 200, .24, Expect{.848, 4.9, 87.1, a6000}},
		{Lightly2023, cifar, "SimCLR", 512, 800, .24, Expect{.879, 4.9, 331.1, a6000}},
		{Lightly2023, cifar, "SimSiam", 128, 200, .06, Expect{.819, 1.6, 97.3, a6000}},
		{Lightly2023, cifar, "SimSiam", 512, 200, .06, Expect{.764, 5.0, 87.8, a6000}},
		{Lightly2023, cifar, "SimSiam", 512, 800, .06, Expect{.904, 5.1, 333.7, a6000}},
		{Lightly2023, cifar, "BarlowTwins", 512, 800, .24, Expect{.859, 7.9, 517.5, a6000}},
		{Lightly2023, cifar, "BYOL", 128, 200, .06, Expect{.869, 1.6, 121.9, a6000}},
		{Lightly2023, cifar, "BYOL", 512, 200, .24, Expect{.868, 5.6, 108.3, a6000}},
		{Lightly2023, cifar, "DCL", 128, 200, .06, Expect{.844, 1.5, 102.2, a6000}},
		{Lightly2023, cifar, "DCLW", 512, 800, .24, Expect{.871, 4.9, 333.3, a6000}},
		{Lightly2023, nette, "DCLW", 256, 200, .06, Expect{.783, 3.7, 47.3, a6000}},
		{Lightly2023, nette, "MoCo", 256, 800, .06, Expect{.874, 4.3, 231.7, a6000}},
		{Lightly2023, nette, "SimCLR", 256, 200, .06, Expect{.835, 3.7, 49.7, a6000}},
		{Lightly2023, nette, "SimSiam", 256, 800, .06, Expect{.872, 3.9, 206.4, a6000}},
		{Lightly2023, nette, "BarlowTwins", 256, 200, .06, Expect{.651, 4.0, 85.0, a6000}},
		{Lightly2023, nette, "BYOL", 256, 800, .06, Expect{.887, 4.3, 214.8, a6000}},
		{LightlyHEAD, cifar, "BYOL", 512, 200, .24, Expect{}},
		{LightlyHEAD, cifar, "DCL", 512, 200, .24, Expect{}},
		{LightlyHEAD, cifar, "SimSiam", 512, 200, .06, Expect{}},
		{LightlyHEAD, nette, "MoCo", 128, 800, .03, Expect{}},
		{LightlyHEAD, nette, "SimSiam", 128, 800, .06, Expect{}},
		{LightlyHEAD, nette, "SimCLR", 256, 800, .06, Expect{}},
	} {
		r, err := Find(c.preset, c.data, c.name, c.batch, c.epochs)
		if err != nil {
			t.Fatal(err)
		}
		if r.LR != annealed(c.lr) || r.Expect != c.expect {
			t.Errorf("%s %s %s %d/%d: lr %v and %+v, want %g and %+v",
				c.preset, c.data, c.name, c.batch, c.epochs, r.LR, r.Expect, c.lr, c.expect)
		}
	}
}

// TestViews says for the first methods, in all presets, what their views differ in:
// the smallest crop, the saturation, and the shares of blurred and of solarized views.
// [TestGoldenViews] compares those of all methods.
func TestViews(t *testing.T) {
	type view struct {
		scale, saturation, blur, solarize float64
	}
	pair := func(v view) [2]view { return [2]view{v, v} }
	simCLR, simSiam := pair(view{.08, .4, 0, 0}), pair(view{.2, .4, 0, 0})
	largeSimCLR, largeSimSiam := pair(view{.08, .4, .5, 0}), pair(view{.2, .4, .5, 0})
	byol := [2]view{{.08, .2, 0, 0}, {.08, .2, 0, .2}}
	largeBYOL := [2]view{{.08, .2, 1, 0}, {.08, .2, .1, .2}}

	// MoCo, SimCLR, SimSiam, BarlowTwins, BYOL
	want := map[Preset]map[dataset.Name][5][2]view{
		Seed2021: {
			dataset.CIFAR10:    {simCLR, simCLR, simCLR, simCLR, simCLR},
			dataset.Imagenette: {largeSimCLR, largeSimCLR, largeSimCLR, largeSimCLR, largeSimCLR},
		},
		Lightly2023: {
			dataset.CIFAR10:    {simCLR, simCLR, simSiam, simCLR, simCLR},
			dataset.Imagenette: {largeSimCLR, largeSimCLR, largeSimSiam, largeSimCLR, largeSimCLR},
		},
		LightlyHEAD: {
			dataset.CIFAR10:    {simCLR, simCLR, simSiam, byol, byol},
			dataset.Imagenette: {largeSimCLR, largeSimCLR, largeSimSiam, largeBYOL, largeBYOL},
		},
	}
	for _, r := range Published() {
		i := slices.Index(since2021(), r.Name)
		if i < 0 || r.Preset == Best {
			continue
		}
		for number, v := range r.Views {
			got := view{v.Scale[0], v.Saturation, v.BlurP, v.SolarizeP}
			if want := want[r.Preset][r.Data][i][number]; got != want {
				t.Errorf("%s %s %s: views[%d] is %+v, want %+v", r.Preset, r.Data, r.Name, number, got, want)
			}
			old := r.Preset == Seed2021 && r.Data == dataset.Imagenette
			if (v.BlurKernel == 12.8) != old || (v.BlurSigma == [2]float64{.1, 2}) != (v.BlurP > 0 && !old) {
				t.Errorf("%s %s %s: views[%d] has blur %v, kernel %g", r.Preset, r.Data, r.Name, number, v.BlurSigma, v.BlurKernel)
			}
			if v.Scale[1] != 1 || v.Ratio != augment.SimCLR(1).Ratio {
				t.Errorf("%s %s %s: views[%d] has crops %v, %v", r.Preset, r.Data, r.Name, number, v.Scale, v.Ratio)
			}
		}
	}
}

// Recipes say what was not published with them.
func TestSources(t *testing.T) {
	for _, r := range Published() {
		inferred := r.Preset == Seed2021 && r.Data == dataset.CIFAR10 && (r.Name == "BarlowTwins" || r.Name == "BYOL")
		if strings.Contains(r.Source, "recipe for it on CIFAR-10 is unpublished") != inferred {
			t.Errorf("%s %s %s has source %q", r.Preset, r.Data, r.Name, r.Source)
		}
		if r.Preset == Best {
			if !strings.Contains(r.Source, "no published result") || r.Expect != (Expect{}) {
				t.Errorf("best %s has source %q and %+v", r.Name, r.Source, r.Expect)
			}
			continue
		}
		year := map[Preset]string{Seed2021: "2021", Lightly2023: "2023", LightlyHEAD: "2026"}[r.Preset]
		if !strings.Contains(r.Source, year) || !strings.Contains(r.Source, "bf16") {
			t.Errorf("%s %s %s has source %q", r.Preset, r.Data, r.Name, r.Source)
		}
	}
}
