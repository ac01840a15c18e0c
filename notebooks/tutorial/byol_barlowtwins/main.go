package main

// main runs the cells as a program.
func main() {
	ShowAverages()
	TrainBYOL()
	ShowBehind()
	ShowBYOL()
	TrainBarlowTwins()
	ShowMatrices()
	ShowEntries()
	ShowTable()
}
