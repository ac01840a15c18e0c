package recipe

import (
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/method"
)

// lightlyHEAD returns the recipes of the preset, which is the state of the scripts
// at commit e8d317fc, of 2026. No results were published for it. The script for
// ImageNette has batch 128; recipes for 256 are there to compare with the tables of
// 2023.
func lightlyHEAD(data dataset.Name, batch, epochs int) []Recipe {
	recipes := lightly2023(data, batch, epochs)
	for i := range recipes {
		since2023(&recipes[i])
	}
	return finish(recipes)
}

// since2023 changes what the scripts have changed.
func since2023(r *Recipe) {
	script := "imagenette_benchmark.py"
	view0, view1 := augment.BYOL(128)
	if r.small() {
		script = "cifar10_benchmark.py"
		view0, view1 = augment.BYOL(32)
		view0, view1 = view0.Blurred(0), view1.Blurred(0) // view 1 is still solarized
	}
	r.Preset = LightlyHEAD
	r.Source = "lightly, " + script + " at commit e8d317fc, 2026, without published results; bf16 arithmetic instead of TF32"
	switch m := r.Method.(type) {
	case method.MoCo:
		m.Queue = 4096 // at batch 512, too, as it always was in the script
		r.Method = m
	case method.BarlowTwins:
		m.Unbiased = false
		r.Method, r.Views = m, []augment.Policy{view0, view1}
	case method.BYOL:
		r.Views = []augment.Policy{view0, view1}
	case method.DCL:
		m.Separate = false // over the negatives of both views at once
		r.Method = m
	case method.DCLW:
		m.Separate = false
		r.Method = m
	}
}
