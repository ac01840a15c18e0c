package main

// main runs the cells as a program.
func main() {
	CheckLoss()
	ShowDifference()
	Train()
	ShowCurves()
	Break()
}
