package augment

import (
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// A picture of 1×20,000 alone is its middle pixel; once a row of weights for each
// of its resized pixels was made, which no machine has memory for.
func TestPlainOfALongImage(t *testing.T) {
	d := testkit.Any(t)
	const width = 20_000
	pixels := make([]uint8, 3*width)
	for x := range width {
		pixels[3*x] = uint8(x / 80)
	}
	p := still(24)
	plain, err := graph.NewExec(d.Backend, func(image *graph.Node) *graph.Node { return p.Plain(Whole(image)) })
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Finalize()
	out, err := plain.Exec1(tensors.FromFlatDataAndDimensions(pixels, 1, 1, width, 3))
	if err != nil {
		t.Fatal(err)
	}
	got := tensors.MustCopyFlatData[float32](out)
	want := (125./255 - p.Mean[0]) / p.Std[0]
	for i := 0; i < len(got); i += 3 {
		testkit.Within(t, "red", []float64{float64(got[i])}, []float64{want}, 0.02)
	}
}
