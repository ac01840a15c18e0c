package main

// main runs the cells as a program.
func main() {
	Draw()
	Copies()
	Strangers()
	Look()
	ShowViews()
	Train()
	Embed()
	Search()
	SearchNew()
	ShowMap()
	CountDuplicates()
	ShowDuplicates()
	ShowOutliers()
	Export()
}
