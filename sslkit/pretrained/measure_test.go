package pretrained

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/train"
)

// A run's model is measured as the run measured itself.
func TestMeasureAsTheRunDid(t *testing.T) {
	_, _, r, set, _ := trained(t, Plain{Width: 4, Splits: 2})
	r.Measures = eval.DefaultMeasures(r.Views[0])
	r.Measures.KNN, r.Measures.Linear.Epochs = r.Measures.KNN.UpTo(32), 3
	dir := t.TempDir()
	result, err := train.Run(t.Context(), r, train.Options{Dir: dir, Device: device.Go, Data: set})
	if err != nil {
		t.Fatal(err)
	}
	m, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	what := eval.DefaultMeasures(m.View())
	what.KNN, what.Linear.Epochs = what.KNN.UpTo(32), 3
	got, err := m.Measure(t.Context(), device.Go, set, what)
	if err != nil {
		t.Fatal(err)
	}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) <= 1e-5*math.Abs(b) })
	if diff := cmp.Diff(*result.Measured, got, near); diff != "" {
		t.Errorf("the model is measured otherwise than its run (-run +model):\n%s", diff)
	}

	alone := &dataset.Set{Train: pictures(32, 8)}
	alone.Train.Classes, alone.Train.Labels = nil, make([]int32, 32)
	ranks, err := m.Measure(t.Context(), device.Go, alone, eval.Measures{Ranks: true})
	if err != nil || math.Abs(ranks.RankMe-got.RankMe) > 1e-5*got.RankMe || ranks.KNN != nil {
		t.Errorf("ranks without classes %+v, error %v", ranks, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Measure(ctx, device.Go, set, what); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

func TestMeasureRefuses(t *testing.T) {
	m, _, r, set, _ := trained(t, Plain{Width: 4, Splits: 2})
	unlabelled := pictures(12, 8)
	unlabelled.Classes, unlabelled.Labels = nil, make([]int32, 12)
	others := pictures(12, 8)
	others.Classes = []string{"yew", "zinnia"}
	all := eval.DefaultMeasures(r.Views[0])
	all.KNN = all.KNN.UpTo(32)
	for want, c := range map[string]struct {
		data dataset.Set
		what func(m *eval.Measures)
	}{
		"the measures are zero":                    {*set, func(m *eval.Measures) { *m = eval.Measures{} }},
		"k -1, want at least 1":                    {*set, func(m *eval.Measures) { m.KNN.K = []int{-1} }},
		"k 33 is more than the 32 training images": {*set, func(m *eval.Measures) { m.KNN.K = []int{33} }},
		"linear: view has size 16":                 {*set, func(m *eval.Measures) { m.Linear.View.Size = 16 }},
		"training images have 0 classes":           {dataset.Set{Train: unlabelled, Test: set.Test}, nil},
		"there are no test images with":            {dataset.Set{Train: set.Train, Test: unlabelled}, nil},
		"there are no test images with classes":    {dataset.Set{Train: set.Train}, nil},
		"classes are matched by name":              {dataset.Set{Train: set.Train, Test: others}, nil},
	} {
		what := all
		if c.what != nil {
			c.what(&what)
		}
		if _, err := m.Measure(t.Context(), device.Go, &c.data, what); err == nil ||
			!strings.HasPrefix(err.Error(), "pretrained: measure: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
