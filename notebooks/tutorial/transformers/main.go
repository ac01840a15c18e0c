package main

// main runs the cells as a program.
func main() {
	ShowPatches()
	Count()
	ShowPositions()
	ShowNear()
	TrainMAE()
	ShowFilled()
	PrintAccuracy()
	TrainDINO()
	ShowAttention()
	Measure()
}
