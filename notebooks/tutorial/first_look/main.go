package main

// main runs the cells as a program.
func main() {
	Write()
	Read()
	Shapes()
	Count()
	Where()
	Measure()
	Time()
	Descend()
}
