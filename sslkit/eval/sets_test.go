package eval

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
)

// set is the points as features of images.
func (p points) set() *embedding.Set {
	s := &embedding.Set{Dim: p.dim, Labels: p.labels, Classes: make([]string, p.classes)}
	for _, x := range p.features {
		s.Features = append(s.Features, float32(x))
	}
	return s
}

func TestLinearClassifyAgreesWithLoops(t *testing.T) {
	train, test := blobs(5, 60, 4, 3, 1), blobs(6, 40, 4, 3, 1)
	l := Linear{Epochs: 3, Batch: 16, LR: 0.3, Momentum: 0.9}
	params := train.descend(l)
	unknown := test.set()
	unknown.Labels, unknown.Classes = nil, nil
	got, err := l.Classify(t.Context(), device.Go, train.set(), unknown)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(probable(train, test, params), got); diff != "" {
		t.Error(diff)
	}
	if right := Accuracy(got, test.labels); right == 1 || right < 0.5 {
		t.Errorf("accuracy %g: the test wants points of which some are hard", right)
	}
}

// probable is the most probable class of each test point, standardised as the training points are.
func probable(train, test points, params []float64) (classes []int32) {
	n := float64(len(train.labels))
	for i := range test.labels {
		logits := append([]float64{}, params[train.dim*train.classes:]...)
		for k, x := range test.row(i) {
			mean, variance := 0.0, 0.0
			for j := range train.labels {
				mean += train.row(j)[k] / n
			}
			for j := range train.labels {
				variance += (train.row(j)[k] - mean) * (train.row(j)[k] - mean) / n
			}
			for c := range logits {
				logits[c] += (x - mean) / math.Sqrt(variance) * params[k*train.classes+c]
			}
		}
		best := 0
		for c := range logits {
			if logits[c] > logits[best] {
				best = c
			}
		}
		classes = append(classes, int32(best))
	}
	return classes
}

func TestKNNClassifyAgreesWithLoops(t *testing.T) {
	train, test := blobs(7, 60, 4, 3, 1), blobs(8, 40, 4, 3, 1)
	knn := KNN{K: 60, Temperature: 0.2} // all of them vote
	var want []int32
	for i := range test.labels {
		votes := make([]float64, train.classes)
		for j, class := range train.labels {
			votes[class] += math.Exp(cosine(test.row(i), train.row(j)) / knn.Temperature)
		}
		best := 0
		for c := range votes {
			if votes[c] > votes[best] {
				best = c
			}
		}
		want = append(want, int32(best))
	}
	got, err := knn.Classify(t.Context(), device.Go, train.set(), test.set())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func cosine(a, b []float64) float64 {
	dot, aa, bb := 0.0, 0.0, 0.0
	for k := range a {
		dot, aa, bb = dot+a[k]*b[k], aa+a[k]*a[k], bb+b[k]*b[k]
	}
	return dot / math.Sqrt(aa*bb)
}

func TestClassifyRefuses(t *testing.T) {
	good := blobs(1, 20, 4, 3, 1)
	unknown := good.set()
	unknown.Classes = nil
	unlabelled := good.set()
	unlabelled.Labels, unlabelled.Classes = nil, nil
	for _, c := range []struct {
		name        string
		train, test *embedding.Set
		kind        device.Kind
		want        string
	}{
		{"no training features", &embedding.Set{Dim: 4}, good.set(), device.Go, "training set: embedding: "},
		{"no test features", good.set(), &embedding.Set{Dim: 4}, device.Go, "test set: embedding: "},
		{"no classes", unknown, good.set(), device.Go, "classes of the training set are not known"},
		{"no labels", unlabelled, good.set(), device.Go, "classes of the training set are not known"},
		{"another dim", good.set(), blobs(1, 20, 5, 3, 1).set(), device.Go, "4 numbers in the training and 5 in the test set"},
		{"no device", good.set(), good.set(), "abacus", "abacus"},
	} {
		_, linear := quick.Classify(t.Context(), c.kind, c.train, c.test)
		_, knn := KNN{K: 3, Temperature: 1}.Classify(t.Context(), c.kind, c.train, c.test)
		for prefix, err := range map[string]error{"eval: Linear: ": linear, "eval: KNN: ": knn} {
			if err == nil || !strings.HasPrefix(err.Error(), prefix) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: error %v, want one about %q", c.name, err, c.want)
			}
		}
	}
	if _, err := (KNN{K: 21, Temperature: 1}).Classify(t.Context(), device.Go, good.set(), good.set()); err == nil {
		t.Error("more neighbours than images: no error")
	}
	if _, err := (Linear{}).Classify(t.Context(), device.Go, good.set(), good.set()); err == nil {
		t.Error("no probe: no error")
	}
}

// A probe's accuracy is that of its answers, whatever the order of the classes.
func TestLinearAccuracy(t *testing.T) {
	train := &embedding.Set{
		Features: []float32{3, 1, 4, 0, 5, 2, 1, 3, 0, 4, 2, 5}, Dim: 2,
		Labels: []int32{0, 0, 0, 1, 1, 1}, Classes: []string{"flat", "steep"},
	}
	test := &embedding.Set{Features: []float32{9, 2, 1, 7, 8, 1}, Dim: 2, Labels: []int32{1, 0, 0}, Classes: []string{"steep", "flat"}}
	probe := Linear{Epochs: 20, Batch: 3, LR: 0.1, Momentum: 0.9}
	if got, err := probe.Accuracy(t.Context(), device.Go, train, test); err != nil || math.Abs(got-2./3) > 1e-9 {
		t.Errorf("accuracy %g, error %v, want 2 of 3", got, err)
	}
	test.Labels, test.Classes = nil, nil
	if _, err := probe.Accuracy(t.Context(), device.Go, train, test); err == nil || !strings.Contains(err.Error(), "want its Labels") {
		t.Errorf("without labels: %v", err)
	}
}
