// Package wiretest plays, for tests, what stands on either side of a front: a Jupyter kernel, whose cells hold one
// command a line, which say what the kernel sends; and a GoNB with a go command, whose cells are Go with comments that
// say what each of them does.
package wiretest
