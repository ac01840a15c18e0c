package main

// main runs the cells as a program.
func main() {
	ShowQueue()
	ShowFollowing()
	ShowFirstSteps()
	Train()
	ShowKeys()
	JudgeBoth()
	Measure()
	ShowConfusion()
	ShowWorst()
}
