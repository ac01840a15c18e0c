package main

// main runs the cells as a program.
func main() {
	ShowViews()
	ShowNetwork()
	ShowSimilarities()
	Compare()
	ShowByHand()
	TrainJitter()
	ShowBoth()
	TrainPlain()
	ShowCurves()
	ShowPlain()
	MeasureAll()
}
