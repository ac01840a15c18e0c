package nn_test

import (
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
)

// Patches put together are the images that they were cut from.
func TestJoined(t *testing.T) {
	x := testkit.Array{Shape: []int{2, 4, 6, 3}, Data: testkit.G(1, 2*4*6, 3)}
	got := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{nn.Joined(nn.Patches(in[0], 2), 2, 4, 6)}
	}, x.Tensor(dtypes.Float64))
	testkit.Near(t, "images", got[0], x.Data, 0)
	testkit.Panics(t, testkit.Any(t), "are no patches of 2 in images of 6×6 pixels", func(g *graph.Graph) {
		nn.Joined(graph.Zeros(g, shapes.Make(dtypes.Float32, 2, 6, 12)), 2, 6, 6)
	})
}
