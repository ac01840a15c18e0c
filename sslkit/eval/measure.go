package eval

import (
	"context"
	"fmt"
	"strings"

	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/feed"
)

// Measures say what to measure of a trained network, besides the kNN accuracy and the
// linear probe that a recipe may have. The zero value is nothing.
type Measures struct {
	Ranks  bool   `json:"ranks"`  // RankMe and the effective rank of the training images' features
	KNN    Grid   `json:"knn"`    // kNN accuracy for several k and temperatures; zero is none
	Linear Linear `json:"linear"` // a linear probe, say with a View; zero is none
}

// DefaultMeasures is everything that comparisons quote, for a network whose images a
// policy prepares: ranks, [DefaultGrid], and [DefaultLinearCrops], which takes 90 passes
// through the network.
func DefaultMeasures(prepared augment.Policy) Measures {
	return Measures{Ranks: true, KNN: DefaultGrid(), Linear: DefaultLinearCrops(prepared)}
}

// On reports whether there is anything to measure.
func (m Measures) On() bool { return m.Ranks || m.Labelled() }

// Labelled reports whether anything to measure compares classes.
func (m Measures) Labelled() bool { return m.KNN.On() || m.Linear.On() }

// Validate reports the first thing that makes no sense.
func (m Measures) Validate() error {
	if err := m.KNN.Validate(); err != nil {
		return err
	}
	return m.Linear.Validate()
}

// Measured is what [Measures] ask for; what they do not ask for is zero.
type Measured struct {
	RankMe        float64 `json:"rankme,omitempty"`         // see [embedding.RankMe]
	EffectiveRank float64 `json:"effective_rank,omitempty"` // of centred features, see [embedding.EffectiveRank]
	KNN           Scores  `json:"knn,omitempty"`
	Linear        float64 `json:"linear_accuracy,omitempty"` // in [0, 1]
}

// String has a line for each number, and a table for several.
func (m Measured) String() string {
	var lines []string
	for _, line := range []struct {
		format string
		value  float64
	}{{"RankMe %.1f", m.RankMe}, {"effective rank %.1f", m.EffectiveRank}, {"linear probe %.3f", m.Linear}} {
		if line.value != 0 {
			lines = append(lines, fmt.Sprintf(line.format, line.value))
		}
	}
	if len(m.KNN) > 0 {
		lines = append(lines, m.KNN.String())
	}
	return strings.Join(lines, "\n")
}

// Missing are the measures that are not among what was measured.
func (m Measures) Missing(of Measured) Measures {
	m.Ranks = m.Ranks && of.RankMe == 0
	if of.KNN != nil {
		m.KNN = Grid{}
	}
	if of.Linear != 0 {
		m.Linear = Linear{}
	}
	return m
}

// A Subject is a network with images to measure it by: those that classifiers learn from,
// and test images. Ranks need nothing but the first.
type Subject struct {
	Device          *device.Device
	Embedder        *Embedder
	NewDrawer       func(view augment.Policy) (*Drawer, error)
	Params, Buffers *tensors.Tensor // the model's flat vectors

	Train, Test *feed.Source
	Classes     int             // of the training images
	Labels      *tensors.Tensor // of the training images, [n] int32
	Truth       []int32         // of the test images, as the training images' classes
}

// Measure measures what is still missing in before, and returns all. done is told what is
// there after each part, so that it can be kept; it may be nil. It stops between batches
// and between a probe's epochs when the context ends.
func (s *Subject) Measure(ctx context.Context, m Measures, before Measured, done func(Measured) error) (Measured, error) {
	if done == nil {
		done = func(Measured) error { return nil }
	}
	all, missing := before, m.Missing(before)
	if missing.Ranks || missing.KNN.On() {
		bank, err := s.embed(ctx, s.Train)
		if err != nil {
			return all, err
		}
		defer bank.MustFinalizeAll()
		if missing.Ranks {
			if all.RankMe, all.EffectiveRank, err = ranks(bank); err == nil {
				err = done(all)
			}
		}
		if err == nil && missing.KNN.On() {
			if all.KNN, err = s.scores(ctx, missing.KNN, bank); err == nil {
				err = done(all)
			}
		}
		if err != nil {
			return all, err
		}
	}
	if !missing.Linear.On() {
		return all, nil
	}
	var err error
	if all.Linear, err = s.Linear(ctx, missing.Linear); err != nil {
		return all, err
	}
	return all, done(all)
}

// ranks are RankMe and the effective rank of features [n, dim].
func ranks(features *tensors.Tensor) (rankMe, effective float64, err error) {
	values, err := tensors.CopyFlatData[float32](features)
	if err != nil {
		return 0, 0, fmt.Errorf("eval: ranks: %w", err)
	}
	return Ranks(&embedding.Set{Features: values, Dim: features.Shape().Dimensions[1]})
}

// Ranks are [embedding.RankMe] of features as they are, and
// [embedding.EffectiveRank] of them without their mean.
func Ranks(s *embedding.Set) (rankMe, effective float64, err error) {
	plain, err := embedding.Spectrum(s, false)
	if err != nil {
		return 0, 0, fmt.Errorf("eval: ranks: %w", err)
	}
	centred, err := embedding.Spectrum(s, true)
	if err != nil {
		return 0, 0, fmt.Errorf("eval: ranks: %w", err)
	}
	return embedding.RankMe(plain), embedding.EffectiveRank(centred), nil
}

func (s *Subject) embed(ctx context.Context, images *feed.Source) (*tensors.Tensor, error) {
	return s.Embedder.Embed(ctx, s.Params, s.Buffers, images)
}

// scores are those of a grid with the bank of all training images.
func (s *Subject) scores(ctx context.Context, g Grid, bank *tensors.Tensor) (Scores, error) {
	classifier, err := g.NewClassifier(s.Device, s.Classes)
	if err != nil {
		return nil, err
	}
	defer classifier.Free()
	queries, err := s.embed(ctx, s.Test)
	if err != nil {
		return nil, err
	}
	defer queries.MustFinalizeAll()
	return classifier.Scores(ctx, queries, bank, s.Labels, s.Truth)
}

// Linear fits a linear probe to the training images, and returns its accuracy on the test
// images. It stops between batches and epochs when the context ends.
func (s *Subject) Linear(ctx context.Context, l Linear) (float64, error) {
	probe, err := l.NewProbe(s.Device, s.Classes)
	if err != nil {
		return 0, err
	}
	defer probe.Free()
	if err := s.fit(ctx, probe); err != nil {
		return 0, err
	}
	queries, err := s.embed(ctx, s.Test)
	if err != nil {
		return 0, err
	}
	defer queries.MustFinalizeAll()
	predictions, err := probe.Predict(ctx, queries)
	if err != nil {
		return 0, err
	}
	return Accuracy(predictions, s.Truth), nil
}

// fit fits a probe to the training images, as they are or drawn anew for each epoch.
func (s *Subject) fit(ctx context.Context, probe *Probe) error {
	if !probe.linear.Drawn() {
		bank, err := s.embed(ctx, s.Train)
		if err != nil {
			return err
		}
		defer bank.MustFinalizeAll()
		return probe.Fit(ctx, bank, s.Labels)
	}
	drawer, err := s.NewDrawer(probe.linear.View)
	if err != nil {
		return err
	}
	defer drawer.Free()
	return probe.FitDrawn(ctx, s.Labels, func(epoch int) (*tensors.Tensor, error) {
		return drawer.Draw(ctx, probe.linear.key(epoch), s.Params, s.Buffers, s.Train)
	})
}
