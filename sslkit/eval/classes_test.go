package eval

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
)

// classifiers are both ways to classify one set by another.
var classifiers = map[string]func(t *testing.T, train, test *embedding.Set) ([]int32, error){
	"KNN": func(t *testing.T, train, test *embedding.Set) ([]int32, error) {
		return KNN{K: 1, Temperature: 0.1}.Classify(t.Context(), device.Go, train, test)
	},
	"Linear": func(t *testing.T, train, test *embedding.Set) ([]int32, error) {
		return quick.Classify(t.Context(), device.Go, train, test)
	},
}

// corners are images, two a class, in the corner of each class: easy to tell apart.
func corners(labels []int32, classes []string, corner func(label int32) int) *embedding.Set {
	s := &embedding.Set{Dim: 4, Labels: labels, Classes: classes}
	for i, label := range labels {
		feature := make([]float32, s.Dim)
		feature[corner(label)] = 1 + float32(i)/10
		s.Features = append(s.Features, feature...)
	}
	return s
}

// byName are images in corners that the names of their classes decide.
func byName(labels []int32, classes ...string) *embedding.Set {
	return corners(labels, classes, func(label int32) int {
		return strings.Index("abcd", classes[label])
	})
}

// The order of classes does not count, and what is not there does not matter.
func TestClassesAreMatchedByName(t *testing.T) {
	bank := byName([]int32{0, 1, 2, 0, 1, 2}, "a", "b", "c")
	for name, classify := range classifiers {
		for _, test := range []struct {
			what string
			test *embedding.Set
		}{
			{"the same order", byName([]int32{0, 1, 2}, "a", "b", "c")},
			{"another order", byName([]int32{0, 1, 2}, "c", "a", "b")},
			{"one missing", byName([]int32{0, 1, 1}, "c", "a")},
			{"one new, without images", byName([]int32{1, 2, 3}, "d", "a", "b", "c")},
		} {
			got, err := classify(t, bank, test.test)
			if err != nil {
				t.Fatalf("%s: %s: %v", name, test.what, err)
			}
			if right := Accuracy(got, test.test.Labels); right != 1 {
				t.Errorf("%s: %s: accuracy %g, want 1: %v for %v", name, test.what, right, got, test.test.Labels)
			}
		}
		_, err := classify(t, bank, byName([]int32{0, 1, 2}, "a", "d", "b"))
		if err == nil || !strings.Contains(err.Error(), `only the first have "d", only the second "c"; a test set whose classes are to be found out has neither`) {
			t.Errorf("%s: a class that is new: error %v, want both sides", name, err)
		}
	}
}

// An answer that no class of the test set is has a number behind them, and Classes has its name.
func TestAnswersThatTheTestSetHasNoNameFor(t *testing.T) {
	bank := byName([]int32{0, 1, 2, 0, 1, 2}, "a", "b", "c")
	test := byName([]int32{0, 1}, "c", "a")
	test.Features = []float32{0, 0, 1, 0, 0, 1, 0, 0} // of c and b
	if diff := cmp.Diff([]string{"c", "a", "b"}, Classes(bank, test)); diff != "" {
		t.Error(diff)
	}
	for name, classify := range classifiers {
		got, err := classify(t, bank, test)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int32{0, 2}, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Without names indices count, as before.
func TestClassesWithoutNames(t *testing.T) {
	named := byName([]int32{0, 1, 2, 0, 1, 2}, "b", "a", "c")
	number := corners([]int32{0, 1, 2}, nil, func(label int32) int { return []int{1, 0, 2}[label] })
	empty := corners([]int32{0, 1, 2}, make([]string, 3), func(label int32) int { return []int{1, 0, 2}[label] })
	for name, classify := range classifiers {
		for _, pair := range [][2]*embedding.Set{{named, number}, {named, empty}, {empty, named}} {
			got, err := classify(t, pair[0], pair[1])
			if err != nil || Accuracy(got, pair[1].Labels[:len(got)]) != 1 {
				t.Errorf("%s: classes %q and %q: %v, error %v", name, pair[0].Classes, pair[1].Classes, got, err)
			}
			if diff := cmp.Diff(pair[0].Classes, Classes(pair[0], pair[1])); diff != "" {
				t.Error(diff)
			}
		}
		twice := byName([]int32{0, 1, 2, 0, 1, 2}, "a", "b", "a")
		for _, pair := range [][2]*embedding.Set{{named, twice}, {twice, named}} {
			if _, err := classify(t, pair[0], pair[1]); err == nil || !strings.Contains(err.Error(), `two of them are called "a"`) {
				t.Errorf("%s: two classes of one name: error %v", name, err)
			}
		}
	}
}

// Features of two networks are not compared.
func TestClassifyRefusesAnotherNetwork(t *testing.T) {
	train, test := byName([]int32{0, 1, 0, 1}, "a", "b"), byName([]int32{0, 1}, "a", "b")
	train.Origin, test.Origin = &embedding.Origin{Network: "one", Weights: "1"}, &embedding.Origin{Network: "two", Weights: "2"}
	for name, classify := range classifiers {
		if _, err := classify(t, train, test); err == nil || !strings.Contains(err.Error(), `some are of "one", weights 1, others of "two"`) {
			t.Errorf("%s: error %v, want one about two networks", name, err)
		}
	}
}
