package main

// main runs the cells as a program.
func main() {
	Train()
	ShowCurves()
	ShowLoss()
	ShowTable()
	ShowSimilarity()
	ShowPCA()
	ShowTSNE()
	ShowThumbnails()
}
