package recipe

import (
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
)

// lightly2023 returns the recipes of the preset, which is the state behind the
// tables of April 2023 (CIFAR-10) and May 2023 (ImageNette). The other presets are
// this one and what they differ in.
func lightly2023(data dataset.Name, batch, epochs int) []Recipe {
	return changed(data, batch, epochs, func(entry, *Recipe) bool { return true })
}

// changed are the recipes of lightly2023 after what another preset changes in them.
// Change reports whether the preset has the method.
func changed(data dataset.Name, batch, epochs int, change func(e entry, r *Recipe) bool) []Recipe {
	var recipes []Recipe
	for _, e := range entries {
		r := common2023(data, batch, epochs)
		e.benchmark(&r)
		if r.Method == nil || !change(e, &r) { // there is no recipe on these data
			continue
		}
		r.Name = e.name
		r.Expect = e.published(r)
		recipes = append(recipes, r)
	}
	return recipes
}

// common2023 is what a recipe has if its method does not say otherwise.
func common2023(data dataset.Name, batch, epochs int) Recipe {
	r := common(data, batch, epochs)
	r.Preset = Lightly2023
	if r.small() {
		r.Views = both(augment.SimCLR(32)) // BarlowTwins and BYOL, too
		r.LR = annealed(0.06 * float64(batch) / 128)
		r.Source = "lightly, cifar10_benchmark.py and benchmark page of April 2023; bf16 arithmetic instead of TF32"
	} else {
		r.Views = both(augment.SimCLR(128).Blurred(0.5))
		r.LR = annealed(0.06 * float64(batch) / 256)
		r.Source = "lightly, imagenette_benchmark.py and benchmark page of May 2023; bf16 arithmetic instead of TF32"
	}
	return r
}
