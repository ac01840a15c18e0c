package store

import (
	"fmt"
	"math/rand/v2"

	"github.com/gossl/gossl/sslkit/embedding"
)

// small is a set of three images with all that can be known of them.
func small() *embedding.Set {
	return &embedding.Set{
		Features: []float32{1, 2, -0.5, 0, 1e-38, 3},
		Dim:      2,
		Labels:   []int32{1, 0, 1},
		Classes:  []string{"cat", "dog"},
		Files:    []string{"dog/1.jpg", "cat/1.jpg", "dog/2.jpg"},
	}
}

// blobs are n images of some classes, whose features lie around a centre for each.
func blobs(n, dim, classes int, spread float64) *embedding.Set {
	random := rand.New(rand.NewPCG(7, 7))
	centres := make([]float64, classes*dim)
	for i := range centres {
		centres[i] = random.NormFloat64()
	}
	s := &embedding.Set{Dim: dim}
	for i := range n {
		class := i % classes
		s.Labels = append(s.Labels, int32(class))
		s.Files = append(s.Files, fmt.Sprintf("c%d/%d.jpg", class, i))
		for d := range dim {
			s.Features = append(s.Features, float32(centres[class*dim+d]+spread*random.NormFloat64()))
		}
	}
	for class := range classes {
		s.Classes = append(s.Classes, fmt.Sprint("class ", class))
	}
	return s
}
