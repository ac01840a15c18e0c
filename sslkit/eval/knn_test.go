package eval_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

func predict(t *testing.T, knn eval.KNN, classes int, queries, bank testkit.Array, labels []int32) ([]int32, error) {
	t.Helper()
	c, err := knn.NewClassifier(testkit.Any(t), classes)
	if err != nil {
		t.Fatal(err)
	}
	return c.Predict(context.Background(), queries.Tensor(dtypes.Float32), bank.Tensor(dtypes.Float32),
		tensors.FromFlatDataAndDimensions(labels, len(labels)))
}

func TestPredictClearNeighbours(t *testing.T) {
	bank := testkit.Array{Shape: []int{4, 2}, Data: []float64{1, 0, 2, 0.1, 0, 3, 0.1, 1}}
	queries := testkit.Array{Shape: []int{3, 2}, Data: []float64{5, 0.2, 0.3, 9, 1, 0.1}}
	got, err := predict(t, eval.KNN{K: 2, Temperature: 0.1}, 2, queries, bank, []int32{0, 0, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int32{0, 1, 0}, got); diff != "" {
		t.Error(diff)
	}
}

func TestPredictWantsABankOfK(t *testing.T) {
	bank := testkit.Array{Shape: []int{2, 2}, Data: []float64{1, 0, 0, 1}}
	_, err := predict(t, eval.KNN{K: 3, Temperature: 0.1}, 2, bank, bank, []int32{0, 1})
	if err == nil || !strings.Contains(err.Error(), "k 3 is more than the 2 features") {
		t.Errorf("error %v", err)
	}
}

// A feature that is no number makes every similarity of its image none, which no
// search can put in order.
func TestPredictWantsNumbers(t *testing.T) {
	good := testkit.Array{Shape: []int{3, 2}, Data: []float64{1, 0, 0, 1, 1, 1}}
	labels := []int32{0, 1, 1}
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		wrong := testkit.Array{Shape: []int{3, 2}, Data: []float64{1, 0, 0, bad, 1, 1}}
		_, err := predict(t, eval.KNN{K: 2, Temperature: 0.1}, 2, good, wrong, labels)
		if err == nil || !strings.Contains(err.Error(), "a feature of image 1 of the bank is not a finite number") {
			t.Errorf("%g in the bank: error %v", bad, err)
		}
		_, err = predict(t, eval.KNN{K: 2, Temperature: 0.1}, 2, wrong, good, labels)
		if err == nil || !strings.Contains(err.Error(), "a feature of image 1 of the queries is not a finite number") {
			t.Errorf("%g in the queries: error %v", bad, err)
		}
	}
	if _, err := predict(t, eval.KNN{K: 2, Temperature: 0.1}, 2, good, good, labels); err != nil {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	for _, knn := range []eval.KNN{{K: 1}, {K: 0, Temperature: 1}, {K: 3, Temperature: -1}} {
		if knn.Validate() == nil {
			t.Errorf("%+v is valid", knn)
		}
	}
	off := eval.KNN{}
	if err := off.Validate(); err != nil || off.On() {
		t.Errorf("the zero value is on: %v, error %v, want it to be off, and valid", off.On(), err)
	}
}

// Without neighbours or classes there is nothing to choose from.
func TestNoClassifier(t *testing.T) {
	d := testkit.Open(t, device.Go)
	if _, err := (eval.KNN{}).NewClassifier(d, 2); err == nil || !strings.Contains(err.Error(), "want k at least 1") {
		t.Errorf("the zero value: error %v", err)
	}
	for classes := range 2 {
		if _, err := (eval.KNN{K: 1, Temperature: 1}).NewClassifier(d, classes); err == nil || !strings.Contains(err.Error(), "want at least 2") {
			t.Errorf("%d classes: error %v", classes, err)
		}
	}
}

func TestAccuracy(t *testing.T) {
	if got := eval.Accuracy([]int32{1, 2, 3, 4}, []int32{1, 2, 0, 4}); got != 0.75 {
		t.Errorf("accuracy %g, want 0.75", got)
	}
	for _, c := range []struct{ predictions, labels []int32 }{{[]int32{1}, []int32{1, 2}}, {[]int32{1, 2}, []int32{1}}, {nil, nil}} {
		func() {
			defer func() {
				want := fmt.Sprintf("eval: Accuracy: %d predictions for %d labels", len(c.predictions), len(c.labels))
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, want) {
					t.Errorf("panic %s, want %s", got, want)
				}
			}()
			eval.Accuracy(c.predictions, c.labels)
		}()
	}
}
