package eval

import (
	"errors"
	"slices"
	"testing"

	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/op"
)

// Several accelerators give the same features and answers as one, bit by bit, wherever images
// are: five batches and a part of one, of which three accelerators take two each.
func TestSeveralEvaluate(t *testing.T) {
	testkit.CPU(t)
	train := tiles(1283)
	var want [][]float64
	for _, count := range []int{1, 3} {
		d, err := device.OpenSeveral(device.CPU, count)
		if err != nil {
			t.Fatal(err)
		}
		for _, mode := range []feed.Mode{feed.Resident, feed.Split, feed.Streamed} {
			s := newSubject(t, d, mode, train, tiles(4))
			features, err := s.Embedder.Embed(t.Context(), s.Params, s.Buffers, s.Train)
			if err != nil {
				t.Fatal(err)
			}
			drawer, err := s.NewDrawer(plainly().CropAndFlip())
			if err != nil {
				t.Fatal(err)
			}
			drawn, err := drawer.Draw(t.Context(), op.Key(3), s.Params, s.Buffers, s.Train)
			drawer.Free()
			if err != nil {
				t.Fatal(err)
			}
			classifier, err := KNN{K: 5, Temperature: 0.1}.NewClassifier(d, 2)
			if err != nil {
				t.Fatal(err)
			}
			answers, err := classifier.Predict(t.Context(), features, drawn, s.Labels) // three batches
			classifier.Free()
			if err != nil {
				t.Fatal(err)
			}
			got := [][]float64{testkit.Values(t, features), testkit.Values(t, drawn), nil}
			for _, answer := range answers {
				got[2] = append(got[2], float64(answer))
			}
			features.MustFinalizeAll()
			drawn.MustFinalizeAll()
			if want == nil {
				want = got
			}
			for i, what := range []string{"features", "features of views", "answers"} {
				if !slices.Equal(got[i], want[i]) {
					t.Errorf("%d devices, %s: the %s differ from those of one", count, mode, what)
				}
			}
		}
	}
	if answers := want[2]; slices.Max(answers) == slices.Min(answers) {
		t.Error("all answers are the same")
	}
}

// The first error of a round counts, and all of its jobs are done by then.
func TestCrew(t *testing.T) {
	c := crew{device: &device.Device{Count: 3}}
	var done [3]int
	failure := errors.New("broken")
	var errs []error
	for i := range 5 {
		errs = append(errs, c.take(func(k int) error {
			done[k]++
			if i == 1 {
				return failure
			}
			return nil
		}))
	}
	errs = append(errs, c.finish(), c.finish())
	if want := []error{nil, nil, failure, nil, nil, nil, nil}; !slices.Equal(errs, want) {
		t.Errorf("errors %v, want %v", errs, want)
	}
	if done != [3]int{2, 2, 1} {
		t.Errorf("accelerators did %v jobs, want [2 2 1]", done)
	}
}
