package eval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
)

// A Grid is kNN for several k and temperatures at once: each of K with each of
// Temperature. Neighbours are searched once, for the largest k. An infinite temperature
// lets all neighbours count the same. The zero value is off.
type Grid struct {
	K           []int     `json:"k"`
	Temperature []float64 `json:"temperature"`
}

// DefaultGrid is the k of DINO's evaluation with its temperature, 0.07, and with that of
// lightly's, 0.1.
//
// Caron et al., Emerging Properties in Self-Supervised Vision Transformers, 2021,
// arXiv:2104.14294, whose code has k 10, 20, 100 and 200.
func DefaultGrid() Grid {
	return Grid{K: []int{10, 20, 100, 200}, Temperature: []float64{0.07, 0.1}}
}

// On reports whether there is anything to do: the zero value is off.
func (g Grid) On() bool { return len(g.K) > 0 || len(g.Temperature) > 0 }

// Validate reports the first thing that makes no sense.
func (g Grid) Validate() error {
	if !g.On() {
		return nil
	}
	if len(g.K) == 0 || len(g.Temperature) == 0 {
		return fmt.Errorf("eval: KNN: k %v and temperatures %v, want at least one of both, or none", g.K, g.Temperature)
	}
	known := map[KNN]bool{}
	for _, knn := range g.settings() {
		if knn == (KNN{}) {
			return errors.New("eval: KNN: k 0, want at least 1")
		}
		if err := knn.Validate(); err != nil {
			return err
		}
		if known[knn] {
			return fmt.Errorf("eval: KNN: k %d with temperature %g is there twice", knn.K, knn.Temperature)
		}
		known[knn] = true
	}
	return nil
}

// UpTo returns the grid for a bank of so many features: each k that is larger becomes
// that many, once.
func (g Grid) UpTo(bank int) Grid {
	var ks []int
	for _, k := range g.K {
		if k = min(k, bank); !slices.Contains(ks, k) {
			ks = append(ks, k)
		}
	}
	g.K = ks
	return g
}

// settings are all of the grid, k by k.
func (g Grid) settings() []KNN {
	var settings []KNN
	for _, k := range g.K {
		for _, temperature := range g.Temperature {
			settings = append(settings, KNN{K: k, Temperature: temperature})
		}
	}
	return settings
}

// A GridClassifier is a compiled [Grid] with a number of classes.
type GridClassifier struct{ voter }

// NewClassifier returns a classifier on a device.
func (g Grid) NewClassifier(d *device.Device, classes int) (*GridClassifier, error) {
	if err := g.Validate(); err != nil {
		return nil, err
	}
	if !g.On() {
		return nil, errors.New("eval: KNN: the zero grid classifies nothing: want at least one k and one temperature")
	}
	for _, knn := range g.settings() {
		if err := knn.check(classes); err != nil {
			return nil, err
		}
	}
	v, err := newVoter(d, g.settings(), classes)
	return &GridClassifier{v}, err
}

// Scores returns the accuracies for queries whose classes are known, k by k; the rest is
// as [Classifier.Predict] has it.
//
//	truth  n classes, those of the queries
func (c *GridClassifier) Scores(ctx context.Context, queries, bank, labels *tensors.Tensor, truth []int32) (Scores, error) {
	predictions, err := c.predict(ctx, queries, bank, labels)
	if err != nil {
		return nil, err
	}
	var scores Scores
	for i, knn := range c.settings {
		scores = append(scores, Score{knn, Accuracy(predictions[i], truth)})
	}
	return scores, nil
}

// Scores classifies every image of test as [KNN.Classify] does, and returns the
// accuracies, k by k. The classes of test must be known, too.
func (g Grid) Scores(ctx context.Context, kind device.Kind, train, test *embedding.Set) (Scores, error) {
	s, err := newSplit(kind, train, test)
	if err != nil {
		return nil, fmt.Errorf("eval: KNN: %w", err)
	}
	defer s.free()
	truth, err := s.truth(train, test)
	if err != nil {
		return nil, fmt.Errorf("eval: KNN: %w", err)
	}
	classifier, err := g.NewClassifier(s.device, len(train.Classes))
	if err != nil {
		return nil, err
	}
	defer classifier.Free()
	return classifier.Scores(ctx, s.queries, s.bank, s.labels, truth)
}

// A Score is the accuracy of a setting, in [0, 1].
type Score struct {
	KNN
	Accuracy float64 `json:"accuracy"`
}

// Scores are those of a [Grid].
type Scores []Score

// Best is the highest score, the first of equals; zero if there is none. Chosen by the
// test images, it flatters the network a little.
func (s Scores) Best() Score {
	var best Score
	for i, score := range s {
		if i == 0 || score.Accuracy > best.Accuracy {
			best = score
		}
	}
	return best
}

// String is a table with a row for each k and a column for each temperature.
func (s Scores) String() string {
	var ks []int
	var temperatures []float64
	cells := map[KNN]float64{}
	for _, score := range s {
		if !slices.Contains(ks, score.K) {
			ks = append(ks, score.K)
		}
		if !slices.Contains(temperatures, score.Temperature) {
			temperatures = append(temperatures, score.Temperature)
		}
		cells[score.KNN] = score.Accuracy
	}
	var text strings.Builder
	text.WriteString("kNN accuracy ")
	for _, temperature := range temperatures {
		fmt.Fprintf(&text, "  %7s", fmt.Sprintf("T %g", temperature))
	}
	for _, k := range ks {
		fmt.Fprintf(&text, "\nk %-11d", k)
		for _, temperature := range temperatures {
			fmt.Fprintf(&text, "  %7.3f", cells[KNN{k, temperature}])
		}
	}
	return text.String()
}
