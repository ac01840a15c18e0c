package embedding

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// duplicatesByLoops puts each image into the first group that it fits, or begins one.
func duplicatesByLoops(s *Set, similarity float64) []Group {
	var groups []Group
next:
	for i := range s.Len() {
		for g := range groups {
			if c := cosine(s.Row(groups[g].Keep), s.Row(i)); c >= similarity-1e-6 {
				groups[g].Others = append(groups[g].Others, Neighbour{i, float32(c)})
				continue next
			}
		}
		groups = append(groups, Group{Keep: i})
	}
	var real []Group
	for _, group := range groups {
		if group.Others != nil {
			real = append(real, group)
		}
	}
	return real
}

func TestDuplicatesAgreeWithLoops(t *testing.T) {
	for _, n := range []int{1, 2, 17, 400} { // 400: more than a block
		s := grid(n, 3)
		x := newIndex(t, s)
		for _, similarity := range []float32{0.25, 0.5, 0.75, 1} {
			got, err := x.Duplicates(t.Context(), similarity)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(duplicatesByLoops(s, float64(similarity)), got); diff != "" {
				t.Fatalf("%d images, similarity %g (-want +got):\n%s", n, similarity, diff)
			}
		}
	}
}

// Without the others of each group, nothing is there twice.
func TestNoDuplicatesAreLeft(t *testing.T) {
	s := blobs(200, 16, 4, 0.3)
	for i := range 20 { // the same picture at other brightness
		for d := range s.Dim {
			s.Row(100 + i)[d] = 3 * s.Row(i)[d]
		}
	}
	for _, similarity := range []float32{0.9, 0.97, 1} {
		groups, err := newIndex(t, s).Duplicates(t.Context(), similarity)
		if err != nil {
			t.Fatal(err)
		}
		if len(groups) == 0 || similarity == 1 && len(groups) != 20 {
			t.Errorf("similarity %g: %d groups", similarity, len(groups))
		}
		gone := map[int]bool{}
		for _, group := range groups {
			for _, other := range group.Others {
				if c := cosine(s.Row(group.Keep), s.Row(other.Image)); c < float64(similarity)-2e-6 {
					t.Errorf("image %d is to go, but has similarity %g with %d", other.Image, c, group.Keep)
				}
				if gone[other.Image] || gone[group.Keep] || other.Image <= group.Keep {
					t.Errorf("image %d is to go for image %d, which is not kept or comes later", other.Image, group.Keep)
				}
				gone[other.Image] = true
			}
		}
		for i := range s.Len() {
			for j := range i {
				if c := cosine(s.Row(i), s.Row(j)); !gone[i] && !gone[j] && c > float64(similarity) {
					t.Errorf("images %d and %d are left, with similarity %g", j, i, c)
				}
			}
		}
	}
}

// A network that has collapsed gives all images one feature.
func TestDuplicatesOfACollapsedNetwork(t *testing.T) {
	s := &Set{Dim: 3}
	for range 1000 {
		s.Features = append(s.Features, 0.3, -0.4, 1.7)
	}
	groups, err := newIndex(t, s).Duplicates(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(groups) != 1 || groups[0].Keep != 0 || len(groups[0].Others) != 999 {
		t.Errorf("%d groups, want one of all images", len(groups))
	}
	s.Features = make([]float32, 3000) // no direction at all
	if groups, err = newIndex(t, s).Duplicates(t.Context(), 0.5); err != nil || groups != nil {
		t.Errorf("images without features are duplicates: %d groups, error %v", len(groups), err)
	}
}

func TestOutliersAgreeWithLoops(t *testing.T) {
	s := grid(120, 4)
	for _, k := range []int{1, 4, 119, 500} {
		got, err := newIndex(t, s).Outliers(t.Context(), k)
		if err != nil {
			t.Fatal(err)
		}
		mean := make([]float64, s.Len())
		for i := range mean {
			nearest := nearestByLoops(s, s.Row(i), k, i)
			for _, n := range nearest {
				mean[i] += float64(n.Similarity)
			}
			mean[i] /= float64(len(nearest))
		}
		used := make([]bool, s.Len())
		for rank := range got {
			lowest := -1
			for i := range mean {
				if !used[i] && (lowest < 0 || float32(mean[i]) < float32(mean[lowest])) {
					lowest = i
				}
			}
			used[lowest] = true
			if want := (Outlier{lowest, float32(mean[lowest])}); got[rank] != want {
				t.Fatalf("k %d: outlier %d is %+v, want %+v", k, rank, got[rank], want)
			}
		}
	}
}

func TestOutliersFindWhatIsPlanted(t *testing.T) {
	s := blobs(100, 32, 4, 0.2)
	for _, i := range []int{13, 77} {
		for d := range s.Dim {
			s.Row(i)[d] = float32((i*d)%7 - 3)
		}
	}
	got, err := newIndex(t, s).Outliers(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	if first := got[0].Image + got[1].Image; len(got) != 100 || first != 13+77 || got[2].Similarity < 0.8 {
		t.Errorf("the first outliers are %+v, want images 13 and 77 and a wide gap", got[:3])
	}
}
