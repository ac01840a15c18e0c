package eval_test

import (
	"context"
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/eval"
)

// Features of two classes that point in different directions. The third query
// is between them; the vote of its neighbours decides.
func ExampleKNN() {
	d, err := device.Open(device.Go)
	if err != nil {
		fmt.Println(err)
		return
	}
	bank := tensors.FromValue([][]float32{{1, 0}, {3, 1}, {0, 2}, {1, 5}})
	labels := []int32{0, 0, 1, 1}
	queries := tensors.FromValue([][]float32{{9, 1}, {0, 7}, {2, 1}})

	knn := eval.KNN{K: 3, Temperature: 0.1}
	classifier, err := knn.NewClassifier(d, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	classes, err := classifier.Predict(context.Background(), queries, bank, tensors.FromValue(labels))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("classes %d, accuracy %.2f\n", classes, eval.Accuracy(classes, []int32{0, 1, 1}))
	// Output:
	// classes [0 1 0], accuracy 0.67
}

// A linear probe finds the direction that tells two classes apart, however
// little of the features' length is in it.
func ExampleLinear() {
	d, err := device.Open(device.Go)
	if err != nil {
		fmt.Println(err)
		return
	}
	features := tensors.FromValue([][]float32{{0, 0.01}, {100, 0.01}, {50, 0.01}, {0, -0.01}, {100, -0.01}, {50, -0.01}})
	labels := []int32{0, 0, 0, 1, 1, 1}

	probe, err := eval.Linear{Epochs: 20, Batch: 3, LR: 0.1, Momentum: 0.9}.NewProbe(d, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer probe.Free()
	if err := probe.Fit(context.Background(), features, tensors.FromValue(labels)); err != nil {
		fmt.Println(err)
		return
	}
	classes, err := probe.Predict(context.Background(), tensors.FromValue([][]float32{{70, 0.01}, {30, -0.01}}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(classes)
	// Output: [0 1]
}

// Both classifiers take features as pretrained.Model.Embed returns them.
func ExampleLinear_Classify() {
	train := &embedding.Set{
		Features: []float32{3, 1, 4, 0, 5, 2, 1, 3, 0, 4, 2, 5}, Dim: 2,
		Labels: []int32{0, 0, 0, 1, 1, 1}, Classes: []string{"flat", "steep"},
	}
	test := &embedding.Set{Features: []float32{9, 2, 1, 7}, Dim: 2}
	ctx, probe := context.Background(), eval.Linear{Epochs: 20, Batch: 3, LR: 0.1, Momentum: 0.9}
	linear, err := probe.Classify(ctx, device.Go, train, test)
	if err != nil {
		fmt.Println(err)
		return
	}
	knn, err := eval.KNN{K: 3, Temperature: 0.1}.Classify(ctx, device.Go, train, test)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range test.Len() {
		fmt.Println(train.Classes[linear[i]], train.Classes[knn[i]])
	}
	// Output:
	// flat flat
	// steep steep
}

// How accuracy depends on the neighbours that are asked is one search.
func ExampleGrid_Scores() {
	train := &embedding.Set{
		Features: []float32{3, 1, 4, 0, 5, 2, 1, 3, 0, 4, 2, 2.1}, Dim: 2,
		Labels: []int32{0, 0, 0, 1, 1, 1}, Classes: []string{"flat", "steep"},
	}
	test := &embedding.Set{Features: []float32{9, 8, 8, 9, 1, 7}, Dim: 2, Labels: []int32{0, 1, 1}, Classes: train.Classes}
	scores, err := eval.Grid{K: []int{1, 3}, Temperature: []float64{0.07, 10}}.Scores(context.Background(), device.Go, train, test)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(scores)
	// Output:
	// kNN accuracy    T 0.07     T 10
	// k 1              0.667    0.667
	// k 3              0.667    1.000
}
