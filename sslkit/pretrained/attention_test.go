package pretrained

import (
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
)

// What the class token heeds is what the last softmax of the ONNX file gives it, computed
// by loops.
func TestAttention(t *testing.T) {
	for _, size := range []int{16, 24} {
		m, images := transformer(t, size, backbone.SineCosine), pictures(3, size)
		file := written(t, m)
		values := interpretAll(t, file, images)
		var softmax testkit.Array
		for _, n := range file.Graph.Node {
			if n.GetOpType() == "Softmax" {
				softmax = values[n.Output[0]] // the last one stays
			}
		}
		const heads = 2
		tokens := 1 + size/4*(size/4)
		if want := []int{3, heads, tokens, tokens}; !slices.Equal(softmax.Shape, want) {
			t.Fatalf("the file's last softmax is %v, want %v", softmax.Shape, want)
		}
		maps, err := m.Attention(t.Context(), testkit.Any(t).Kind, images)
		if err != nil {
			t.Fatal(err)
		}
		var got, want []float64
		for i, image := range maps {
			for h, head := range image {
				for _, x := range head {
					got = append(got, float64(x))
				}
				first := (i*heads + h) * tokens * tokens
				want = append(want, softmax.Data[first+1:first+tokens]...)
			}
		}
		testkit.NearNorm(t, "attention", got, want, 1e-5)
	}
}

func TestAttentionWantsATransformer(t *testing.T) {
	r, err := recipe.Shapes("SimCLR")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Untrained(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Attention(t.Context(), testkit.Any(t).Kind, pictures(1, 32)); err == nil || !strings.Contains(err.Error(), "want a ViT") {
		t.Errorf("error %v, want one about the backbone", err)
	}
	transformer := transformer(t, 16, backbone.SineCosine)
	transformer.Backbone = backbone.ViTTiny()
	if _, err := transformer.Attention(t.Context(), testkit.Any(t).Kind, pictures(1, 16)); err == nil || !strings.Contains(err.Error(), "weights are not the backbone's") {
		t.Errorf("error %v, want one about the weights", err)
	}
}
