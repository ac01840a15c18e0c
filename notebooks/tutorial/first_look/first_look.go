// First_look shows what a notebook in Go is like to people who know notebooks in
// Python, and computes with GoMLX. Its notebook is made from this file; main.go
// makes it a program.
package main

// %% [markdown]
// # 1. A first look
//
// You know notebooks, perhaps from Python, and want to find your way about in one whose cells are Go. You will see
//
// - what a cell is, what it keeps for the next one, and what it does not keep;
// - errors, pictures, and how to stop a cell;
// - tensors, a compiled function, its gradient, and where they run.
//
// It takes ten minutes to read. The cells run for a few seconds each, with a GPU or without. Press Shift-Enter to run a
// cell and go on to the next.

// %%
//gonb:fmt.Println("A cell may be statements alone,")
//gonb:"and the value of its last expression is shown"

// %% [markdown]
// Nobody imported `fmt`. A package of Go itself, or of this library, is imported by itself where its name is
// unmistakable. Press Tab behind `fmt.` to see what it has, and Shift-Tab on a name to read about it.
//
// ## Imports and errors
//
// Longer notebooks say what they import, as the next cell does. Go returns errors as values, and every one wants to be
// looked at. `must` and `check` do it here: they end the cell with the error, so that nothing goes on without what it needs.

// %%

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/show"
)

// must is the value, or ends the cell with the error.
func must[T any](value T, err error) T {
	check(err)
	return value
}

// check ends the cell with the error if there is one.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// %% [markdown]
// ## What a cell keeps
//
// In Python, cells change variables that live on in the kernel. Here **every cell is a program of its own**, compiled and
// run as a new process. What cells share are *declarations*: the functions, types, constants and variables at their top
// level, with the values that they are declared with.

// %%

var counter = 10

// Twice is there for all cells, from now on.
func Twice(n int) int { return 2 * n }

// %%
//gonb:counter += Twice(1)
//gonb:counter

// %% [markdown]
// Run the cell above once more. In Python it would say 14 now. Here it says 12 again: the process that added has ended,
// and the new one begins with `var counter = 10`. The order in which you happened to run cells leaves no trace. What you
// see is what a reader sees who runs all cells from top to bottom.
//
// What has to last goes into a file. Training keeps a *run folder*, for example, and later cells open it. Let one cell
// write …

// %%

// note is where the next two cells meet.
var note = filepath.Join("runs", "first_look", "note.json")

// Write leaves something for other cells.
func Write() {
	check(os.MkdirAll(filepath.Dir(note), 0o755))
	text := must(json.Marshal(map[string]int{"answer": Twice(21)}))
	check(os.WriteFile(note, text, 0o644))
}

//gonb:%exec Write

// %% [markdown]
// … and another one read. `%exec Write` runs a function as the cell's program. Most cells of these tutorials do that: a
// function can be called again, by other cells and by tests.

// %%

// Read prints what Write left.
func Read() {
	fmt.Printf("%s\n", must(os.ReadFile(note)))
}

//gonb:%exec Read

// %% [markdown]
// ## Pictures
//
// `show` puts pictures below a cell. These are drawn by the program itself, from a seed; nothing is downloaded.

// %%

// Shapes shows some pictures of the data set that most of the tutorials use.
func Shapes() {
	set := must(dataset.DrawShapes(dataset.ShapesSeed, 20, 10))
	check(show.Grid(set.Train, 20, 10).Show())
}

//gonb:%exec Shapes

// %% [markdown]
// ## Stopping a cell, and commands
//
// The next cell counts for three seconds. Run it again and press ■ (Stop) while it counts: it ends at once, and the cells
// that wait behind it are not run. Training that is stopped finishes its step and saves what it has, so that the same
// cell, run again, goes on from there.

// %%

// steps is how far Count counts.
var steps = 6

// Count takes its time.
func Count() {
	for i := range steps {
		fmt.Println("step", i+1)
		time.Sleep(time.Second / 2)
	}
}

//gonb:%exec Count

// %% [markdown]
// A line that begins with `!` goes to the shell, as in Python: `!ls runs`. Lines that begin with `%` are for the kernel,
// and `%help` lists them.
//
// ## Where it runs
//
// Numbers are computed by GoMLX, which hands whole functions to XLA, the compiler behind TensorFlow and JAX. XLA compiles
// them for an NVIDIA GPU if there is one, or else for the CPU.

// %%

var kind = device.Auto // or device.CPU, device.CUDA

// Where says what computes.
func Where() {
	fmt.Println(must(device.Open(kind)))
}

//gonb:%exec Where

// %% [markdown]
// ## Tensors and a compiled function
//
// `Distances` looks as if it computed something, but it *describes* a computation: each call adds a node to a graph. The
// shapes stand behind the lines, as they do everywhere in this library. GoMLX's functions take rows of Go numbers as
// tensors and give tensors back.

// %%

// Distances is the distance between each row of a and each row of b.
//
//	a       [n, dim]
//	b       [m, dim]
//	result  [n, m]
func Distances(a, b *graph.Node) *graph.Node {
	difference := graph.Sub(graph.ExpandAxes(a, 1), graph.ExpandAxes(b, 0)) // [n, m, dim]
	return graph.Sqrt(graph.ReduceSum(graph.Square(difference), -1))        // [n, m]
}

// Measure compiles Distances, and calls it.
func Measure() {
	distances := must(graph.NewExec(must(device.Open(kind)).Backend, Distances))
	a := [][]float32{{0, 0}, {3, 4}}
	b := [][]float32{{0, 0}, {0, 4}, {3, 0}}
	fmt.Println(must(distances.Exec1(a, b)).Value())
}

//gonb:%exec Measure

// %% [markdown]
// ## Compiling takes time, calling does not
//
// The first call compiles for the shapes it is given, later calls with the same shapes run at once. That is why a whole
// training step (augmentation, network, loss, gradient, update) is *one* function in this library. What took long to
// compile is kept on disk, and the next process that needs it loads it.

// %%

// Time times the first calls of a function.
func Time() {
	distances := must(graph.NewExec(must(device.Open(kind)).Backend, Distances))
	rows := make([][]float32, 500)
	for i := range rows {
		rows[i] = []float32{float32(i), float32(i * i % 7)}
	}
	for _, call := range []string{"first", "second", "third"} {
		begin := time.Now()
		must(distances.Exec1(rows, rows))
		fmt.Printf("%-6s call %8.1f ms\n", call, 1000*time.Since(begin).Seconds())
	}
}

//gonb:%exec Time

// %% [markdown]
// ## Gradients
//
// A graph knows its derivative. Here three points look for the place that is nearest to all of them: where the sum of the
// distances is smallest, the gradient is zero. `Downhill` is a step of gradient descent, a graph function like any other.

// %%

// Downhill moves a place a bit towards where the sum of its distances to the points is smaller.
//
//	place   [1, 2]
//	points  [n, 2]
//	result  moved place [1, 2], and the sum before, scalar
func Downhill(place, points *graph.Node) (moved, sum *graph.Node) {
	sum = graph.ReduceAllSum(Distances(place, points)) // scalar
	slope := graph.Gradient(sum, place)[0]             // [1, 2]
	return graph.Sub(place, graph.MulScalar(slope, 0.05)), sum
}

// Descend walks downhill, and shows how the sum falls.
func Descend() {
	downhill := must(graph.NewExec(must(device.Open(kind)).Backend, Downhill))
	points := [][]float32{{0, 0}, {4, 0}, {2, 3}}
	place, sums := [][]float32{{4, 3}}, []float64{}
	for range 60 {
		moved, sum, err := downhill.Exec2(place, points)
		check(err)
		place = moved.Value().([][]float32)
		sums = append(sums, float64(sum.Value().(float32)))
	}
	fmt.Printf("nearest to all: %.2f\n", place[0])
	check(show.Lines("sum of distances", "step", show.Series{Y: sums}).Show())
}

//gonb:%exec Descend

// %% [markdown]
// That is all that training is: a function with millions of numbers in place of two, and pictures in place of points.
//
// **Try:** give `points` a fourth row. Change `0.05` to 1, and look at the curve. Write `graph.Square` in place of
// `graph.Sqrt` in `Distances`, run that cell and this one, and find out what the nearest place is called now.
//
// Next: *2. Structure your input*.
