package embedding

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// small is a set of three images with all that can be known of them.
func small() *Set {
	return &Set{
		Features: []float32{1, 2, -0.5, 0, 1e-38, 3},
		Dim:      2,
		Labels:   []int32{1, 0, 1},
		Classes:  []string{"cat", "dog"},
		Files:    []string{"dog/1.jpg", "cat/1.jpg", "dog/2.jpg"},
	}
}

// blobs are n images of some classes, whose features lie around a centre for each.
func blobs(n, dim, classes int, spread float64) *Set {
	random := rand.New(rand.NewPCG(7, 7))
	centres := make([]float64, classes*dim)
	for i := range centres {
		centres[i] = random.NormFloat64()
	}
	s := &Set{Dim: dim}
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

func TestSet(t *testing.T) {
	s := small()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	row := s.Row(1)
	if s.Len() != 3 || len(row) != 2 || cap(row) != 2 || row[0] != -0.5 {
		t.Errorf("%d images, row 1 is %v with room for %d", s.Len(), row, cap(row))
	}
	if (&Set{}).Len() != 0 {
		t.Error("the empty set has images")
	}
	if got := s.Class(0); got != "dog" {
		t.Errorf("class of image 0 is %q, want dog", got)
	}
	s.Classes[1] = ""
	if got := s.Class(0); got != "1" {
		t.Errorf("a class without a name is %q, want its number 1", got)
	}
	s.Labels, s.Classes = nil, nil
	if got := s.Class(0); got != "" {
		t.Errorf("an unknown class is %q, want nothing", got)
	}
}

func TestValidate(t *testing.T) {
	for want, spoil := range map[string]func(s *Set){
		"features of 0 numbers, want at least 1":              func(s *Set) { s.Dim = 0 },
		"no images":                                           func(s *Set) { s.Features = nil },
		"6 numbers are no whole features of 4":                func(s *Set) { s.Dim = 4 },
		"2 labels for 3 images":                               func(s *Set) { s.Labels = s.Labels[:2] },
		"0 labels for 3 images":                               func(s *Set) { s.Labels = s.Labels[:0] },
		"2 classes, but no labels":                            func(s *Set) { s.Labels = nil },
		"4 files for 3 images":                                func(s *Set) { s.Files = append(s.Files, "x") },
		"image 1: feature 1 is NaN, want a finite number":     func(s *Set) { s.Features[3] = float32(math.NaN()) },
		"image 2: feature 0 is -Inf, want a finite number":    func(s *Set) { s.Features[4] = float32(math.Inf(-1)) },
		"image 1: label 2, want 0 to 1":                       func(s *Set) { s.Labels[1] = 2 },
		"image 0: label -1, want 0 to 1":                      func(s *Set) { s.Labels[0] = -1 },
		"image 0: label 1048576, want 0 to 1048575":           func(s *Set) { s.Labels[0], s.Classes = 1<<20, nil },
		`class 1: its name "\xff" is not UTF-8`:               func(s *Set) { s.Classes[1] = "\xff" },
		`file of image 2: its name "a/\xe9.jpg" is not UTF-8`: func(s *Set) { s.Files[2] = "a/\xe9.jpg" },
		"image 0: label 5, want 0 to -1":                      func(s *Set) { s.Labels[0], s.Classes = 5, []string{} },
	} {
		s := small()
		spoil(s)
		if err := s.Validate(); err == nil || err.Error() != "embedding: "+want {
			t.Errorf("got error %v, want %q", err, want)
		}
		if _, err := NewIndex(s); err == nil {
			t.Errorf("NewIndex takes a set with: %s", want)
		}
		if _, err := PCA(s, 1); err == nil {
			t.Errorf("PCA takes a set with: %s", want)
		}
		if _, err := TSNE(t.Context(), s, TSNEOptions{}); err == nil {
			t.Errorf("TSNE takes a set with: %s", want)
		}
	}
}
