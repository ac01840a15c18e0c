package main

import "fmt"

// main runs the cells as a program.
func main() {
	counter += Twice(1)
	fmt.Println(counter)
	Write()
	Read()
	Shapes()
	Count()
	Where()
	Measure()
	Time()
	Descend()
}
