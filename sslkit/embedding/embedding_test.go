package embedding

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
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

func TestMatchLabels(t *testing.T) {
	for _, test := range []struct {
		name     string
		labels   []int32
		from, to []string
		want     []int32
		problem  string
	}{
		{"the same", []int32{0, 1}, []string{"a", "b"}, []string{"a", "b"}, []int32{0, 1}, ""},
		{"another order", []int32{0, 1, 2, 0}, []string{"a", "b", "c"}, []string{"c", "a", "b"}, []int32{1, 2, 0, 1}, ""},
		{"one is missing there that nothing is of", []int32{2, 2}, []string{"a", "b", "c"}, []string{"c", "b"}, []int32{0, 0}, ""},
		{"one is new there", []int32{1, 0}, []string{"b", "c"}, []string{"a", "b", "c"}, []int32{2, 1}, ""},
		{"one is missing there", []int32{0, 1}, []string{"a", "b"}, []string{"b", "c", "d"}, nil,
			`classes are matched by name: only the first have "a", only the second "c", "d"`},
		{"all of the others match", []int32{0, 1}, []string{"a", "b"}, []string{"b"}, nil,
			`classes are matched by name: only the first have "a"; the second have "b"`},
		{"none unnamed matches one of a number", []int32{0, 1}, []string{"", "b"}, []string{"b", "0"}, []int32{1, 0}, ""},
		{"no names here", []int32{1, 0}, nil, []string{"b", "a"}, []int32{1, 0}, ""},
		{"empty names here", []int32{1, 0}, []string{"", ""}, []string{"b", "a"}, []int32{1, 0}, ""},
		{"no names there", []int32{1, 0}, []string{"b", "a"}, nil, []int32{1, 0}, ""},
		{"no names at all", []int32{7}, nil, nil, []int32{7}, ""},
		{"no labels", nil, []string{"a", "b"}, []string{"c"}, nil, ""},
		{"two of a name", []int32{0}, []string{"a", "b"}, []string{"b", "a", "a"}, nil, `two of them are called "a"`},
		{"a label that is no class", []int32{0, 2}, []string{"a", "b"}, []string{"b", "a"}, nil, "image 1: label 2, want 0 to 1"},
		{"a label beyond the others", []int32{0, 2}, nil, []string{"b", "a"}, nil, "image 1: label 2, want 0 to 1"},
		{"a negative label", []int32{-1}, nil, nil, nil, "image 0: label -1, want 0 to 1048575"},
	} {
		got, err := MatchLabels(test.labels, test.from, test.to)
		if test.problem != "" {
			if err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("%s: error %v, want %q", test.name, err, test.problem)
			}
			continue
		}
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: labels %v, error %v, want %v", test.name, got, err, test.want)
		}
	}
	many := strings.Split("a b c d e f g h i j k l", " ")
	_, err := MatchLabels([]int32{0}, []string{"z"}, many)
	if err == nil || !strings.Contains(err.Error(), `"j", and 2 more`) {
		t.Errorf("twelve classes: error %v", err)
	}
}

func TestNeighboursOfAnotherNetwork(t *testing.T) {
	bank, queries := small(), small()
	bank.Origin = &Origin{Network: "ResNet-18", Weights: "abc", Size: 32, Std: [3]float64{1, 1, 1}}
	x, err := NewIndex(bank)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		change func(o *Origin)
		want   string
	}{
		{func(o *Origin) { o.Data, o.Images = "other", "images" }, ""},
		{func(o *Origin) { o.Network, o.Weights = "ResNet-34", "def" },
			`different networks cannot be compared: some are of "ResNet-18", weights abc, others of "ResNet-34", weights def`},
		{func(o *Origin) { o.Size = 64 }, "differently prepared images cannot be compared: some are of 32×32 pixels with mean"},
		{func(o *Origin) { o.Mean[2] = 0.5 }, "others of 32×32 pixels with mean [0 0 0.5]"},
		{func(o *Origin) { o.Std[0] = 2 }, "standard deviation [2 1 1]"},
	} {
		origin := *bank.Origin
		test.change(&origin)
		queries.Origin = &origin
		_, err := x.NearestOf(t.Context(), queries, 1)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%+v: error %v, want %q", origin, err, test.want)
		}
	}
	queries.Origin = nil
	if _, err := x.NearestOf(t.Context(), queries, 1); err != nil {
		t.Errorf("queries of unknown origin: %v", err)
	}
}
