package loss

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/graph"
)

// wantAlike panics unless two arguments are matrices of one shape.
func wantAlike(function, nameA string, a *graph.Node, nameB string, b *graph.Node) {
	if a.Rank() != 2 || !slices.Equal(a.Shape().Dimensions, b.Shape().Dimensions) {
		panic(fmt.Errorf("loss: %s: %s has shape %s and %s %s, want matrices of one shape", function, nameA, a.Shape(), nameB, b.Shape()))
	}
}

// wantBatch panics unless an argument is a matrix of at least two rows: the
// loss has a spread of the batch, or other images.
func wantBatch(function, name string, z *graph.Node) {
	if z.Rank() != 2 || z.Shape().Dim(0) < 2 {
		panic(fmt.Errorf("loss: %s: %s has shape %s, want a matrix of at least 2 rows", function, name, z.Shape()))
	}
}

// wantColumns panics unless an argument is a matrix of rows as long as x's.
func wantColumns(function, name string, rows *graph.Node, x *graph.Node) {
	if columns := x.Shape().Dim(-1); rows.Rank() != 2 || rows.Shape().Dim(1) != columns {
		panic(fmt.Errorf("loss: %s: %s has shape %s, want a matrix of %d columns", function, name, rows.Shape(), columns))
	}
}

// wantPositive panics unless a number is.
func wantPositive(function, name string, value float64) {
	if !(value > 0) {
		panic(fmt.Errorf("loss: %s: %s %g, want a positive one", function, name, value))
	}
}

// wantShare panics unless a number is in [0, 1).
func wantShare(function, name string, value float64) {
	if !(value >= 0 && value < 1) {
		panic(fmt.Errorf("loss: %s: %s %g, want one in [0, 1)", function, name, value))
	}
}
