package recipe

// since2023 makes a recipe of lightlyHEAD, which is the state of the scripts at commit
// e8d317fc, of 2026: it changes what they have changed. No results were published for
// it. The script for ImageNette has batch 128; recipes for 256 are there to compare
// with the tables of 2023.
func since2023(e entry, r *Recipe) bool {
	if r.Method == nil && e.benchmark != nil { // the script of 2023 lacks it on these data, and so does today's
		return false
	}
	script := "imagenette_benchmark.py"
	if r.small() {
		script = "cifar10_benchmark.py"
	}
	r.Preset = LightlyHEAD
	r.Source = "lightly, " + script + " at commit e8d317fc, 2026, without published results; bf16 arithmetic instead of TF32"
	if e.since2023 != nil {
		e.since2023(r)
	}
	return true
}
