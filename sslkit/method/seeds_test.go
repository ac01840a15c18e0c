package method_test

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// seeds say by which generators a case's inputs and starts are made.
type seeds struct {
	FirstWeight int `json:"weights_first"` // of the first tensor
	Pixels      struct {
		Base  int // of the first view
		Views []struct{ View, Size int }
	}
	TargetInit map[string]struct { // by part of the target network
		Copy        bool // of the online one
		FirstWeight int  `json:"weights_first"`
	} `json:"target_init"`

	Bank               *testkit.Input
	Queues             []testkit.Input
	Groups             *testkit.Input
	Center, Covariance *struct{ Start float64 }
	Prototypes         *struct{ Number int } // of those that are never trained

	Mask       *maskCase
	Noise      *noiseCase
	Grids      *testkit.Grids
	ResetEvery int `json:"reset_every"` // steps from one k-means to the next, if there is any
	KMeans     *struct {
		Rows       []int `json:"init_rows"`
		Iterations int
	}
}

// A maskCase says by what noise tokens are masked, and how many.
type maskCase struct {
	Base     int
	Ratio    float64
	Count    string // "head" or "2023", how many are kept
	Length   []int  // tokens of each call in a step, the class token included …
	Sequence int    // … or of the only one; 0 if the method may ask for any
}

// A noiseCase says by what a method draws other numbers: call k of step s takes those of
// generator Base + Calls·s + k.
type noiseCase struct{ Base, Calls int }

// otherNoise is that of cases which do not say.
var otherNoise = noiseCase{Base: 7000, Calls: 50}

// firstPixels and runSteps are what the first methods' cases, and those of other
// tests, do not say: the generator of their pictures, and the epochs of a run.
const (
	firstPixels = 1000
	runSteps    = 20
)

// size is that of a view, in pixels.
func (c stepCase) size(view int) int {
	if c.Image > 0 {
		return c.Image
	}
	return c.Pixels.Views[view].Size
}

// pictures are a view of the case's batch.
func (c stepCase) pictures(view int) testkit.Array {
	number := view
	if c.Image == 0 {
		number = c.Pixels.Views[view].View
	}
	return testkit.PicturesFrom(c.Pixels.Base, number, c.Batch, c.size(view))
}

// drawn are the numbers of a call in a step.
func (n *noiseCase) drawn(step, call, count int) []float64 {
	if n == nil {
		n = &otherNoise
	}
	values := make([]float64, count)
	for i := range values {
		values[i] = testkit.U(n.Base+n.Calls*step+call, i)
	}
	return values
}

// noise is what tokens are masked by in a step, [rows, tokens], if any are: the least stay.
// Calls are those of one step, counted from 0.
func (c seeds) noise(step, call, rows, tokens int) []float64 {
	if c.Mask == nil {
		return c.Noise.drawn(step, call, rows*tokens)
	}
	m := c.Mask
	calls, want := max(1, len(m.Length)), m.Sequence
	if len(m.Length) > 0 {
		want = m.Length[call]
	}
	if want > 0 && tokens != want {
		panic(fmt.Errorf("noise of %d tokens is asked for, the case has %d", tokens, want))
	}
	noise := make([]float64, rows*tokens)
	for i := range noise {
		noise[i] = testkit.U(m.Base+calls*step+call, i)
		if i%tokens == 0 { // the class token
			noise[i] = -1
		}
	}
	return noise
}

// places are where views lie in their images: as the case says, else everywhere.
func (c stepCase) places(g *graph.Graph, views int) []augment.Place {
	places := slices.Repeat([]augment.Place{augment.Everywhere(g, c.Batch)}, views)
	if c.Grids == nil {
		return places
	}
	for view := range places {
		var numbers [4][]float64
		flipped := make([]bool, c.Batch)
		for image := range c.Batch {
			b := c.Grids.Box(view, image)
			for i, v := range []float64{b.Left, b.Top, b.Width, b.Height} {
				numbers[i] = append(numbers[i], v)
			}
			flipped[image] = b.Flipped
		}
		row := func(i int) *graph.Node { return graph.Const(g, numbers[i]) }
		places[view] = augment.Place{Left: row(0), Top: row(1), Width: row(2), Height: row(3), Flipped: graph.Const(g, flipped)}
	}
	return places
}

// frozenPrototypes are those that are never trained, [prototypes, out].
func (c stepCase) frozenPrototypes() []float64 {
	values := make([]float64, c.Sizes.Prototypes*c.Sizes.Out)
	for k := range values {
		values[k] = (2*testkit.U(c.seeds.Prototypes.Number, k) - 1) / math.Sqrt(float64(c.Sizes.Out))
	}
	return values
}

// referenceOrder is how the reference shuffles the images of keys.
func referenceOrder(n int) []int32 {
	order := make([]int32, n)
	for i := range order {
		order[i] = int32((5*i + 3) % n)
	}
	return order
}
