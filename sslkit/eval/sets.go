package eval

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
)

// Classify fits a linear probe to the features of train and returns the class
// of every image of test, as an index into [Classes] of the two sets. Classes with
// the same name are the same class, so [Accuracy] can compare the answers with
// test.Labels. An empty kind is [device.Auto]. It stops between epochs when the
// context ends.
//
// It is an error if the classes of train are not known, if an image of test has a
// class that is not among them, if the sets differ in Dim, or if different networks
// are known to have made the features.
func (l Linear) Classify(ctx context.Context, kind device.Kind, train, test *embedding.Set) ([]int32, error) {
	s, err := newSplit(kind, train, test)
	if err != nil {
		return nil, fmt.Errorf("eval: Linear: %w", err)
	}
	defer s.free()
	probe, err := l.NewProbe(s.device, len(train.Classes))
	if err != nil {
		return nil, err
	}
	defer probe.Free()
	if err := probe.Fit(ctx, s.bank, s.labels); err != nil {
		return nil, err
	}
	return s.translate(probe.Predict(ctx, s.queries))
}

// Accuracy is the part of the images of test that [Linear.Classify] answers rightly. Their
// classes must be known.
func (l Linear) Accuracy(ctx context.Context, kind device.Kind, train, test *embedding.Set) (float64, error) {
	if test.Labels == nil {
		return 0, fmt.Errorf("eval: Linear: %w", errUnknown)
	}
	answers, err := l.Classify(ctx, kind, train, test)
	if err != nil {
		return 0, err
	}
	return Accuracy(answers, test.Labels), nil
}

// Classify returns the class of every image of test by the vote of its nearest
// neighbours among those of train. Answers and errors are those of
// [Linear.Classify]. It stops between batches when the context ends.
func (k KNN) Classify(ctx context.Context, kind device.Kind, train, test *embedding.Set) ([]int32, error) {
	s, err := newSplit(kind, train, test)
	if err != nil {
		return nil, fmt.Errorf("eval: KNN: %w", err)
	}
	defer s.free()
	classifier, err := k.NewClassifier(s.device, len(train.Classes))
	if err != nil {
		return nil, err
	}
	defer classifier.Free()
	return s.translate(classifier.Predict(ctx, s.queries, s.bank, s.labels))
}

// split is two sets as the tensors that classifiers take.
type split struct {
	device        *device.Device
	bank, queries *tensors.Tensor // [images, dim]
	labels        *tensors.Tensor // [images of the bank] int32
	answers       []int32         // index in Classes of each class of the bank; nil: the same index
}

func newSplit(kind device.Kind, train, test *embedding.Set) (*split, error) {
	if err := train.Validate(); err != nil {
		return nil, fmt.Errorf("training set: %w", err)
	}
	if err := test.Validate(); err != nil {
		return nil, fmt.Errorf("test set: %w", err)
	}
	if len(train.Classes) == 0 { // with classes, Validate has seen labels
		return nil, errors.New("the classes of the training set are not known: want its Labels and Classes")
	}
	if train.Dim != test.Dim {
		return nil, fmt.Errorf("features have %d numbers in the training and %d in the test set, want as many", train.Dim, test.Dim)
	}
	if err := train.Origin.Match(test.Origin); err != nil {
		return nil, fmt.Errorf("training and test set: %w", err)
	}
	answers, err := answersFor(train, test)
	if err != nil {
		return nil, fmt.Errorf("test and training set: %w; a test set whose classes are to be found out has neither Labels nor Classes", err)
	}
	d, err := device.Open(kind)
	if err != nil {
		return nil, err
	}
	return &split{
		device:  d,
		bank:    tensors.FromFlatDataAndDimensions(train.Features, train.Len(), train.Dim),
		queries: tensors.FromFlatDataAndDimensions(test.Features, test.Len(), test.Dim),
		labels:  tensors.FromFlatDataAndDimensions(train.Labels, train.Len()),
		answers: answers,
	}, nil
}

// translate turns indices of the bank's classes into indices of Classes.
func (s *split) translate(predictions []int32, err error) ([]int32, error) {
	if s.answers == nil || err != nil {
		return predictions, err
	}
	for i, class := range predictions {
		predictions[i] = s.answers[class]
	}
	return predictions, nil
}

var errUnknown = errors.New("the classes of the test set are not known: want its Labels, to compare the answers with")

// truth is the labels of the test set as indices of the bank's classes.
func (s *split) truth(train, test *embedding.Set) ([]int32, error) {
	if test.Labels == nil {
		return nil, errUnknown
	}
	return embedding.MatchLabels(test.Labels, test.Classes, train.Classes)
}

func (s *split) free() { free(&s.bank, &s.queries, &s.labels) }
