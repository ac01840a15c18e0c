package main

// main runs the cells as a program.
func main() {
	Find()
	Look()
	WriteFolder()
	ReadFolder()
	SplitFolder()
	VaryCrop()
	VaryBrightness()
	VaryContrast()
	VarySaturation()
	VaryHue()
	VaryGrayscale()
	VaryBlur()
	VarySolarize()
	ShowPapers()
	ShowViews()
	Normalise()
	Feed()
}
