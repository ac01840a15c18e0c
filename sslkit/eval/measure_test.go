package eval

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
)

// tiles are n images of two classes: the upper or the lower half is brighter, in noise.
func tiles(n int) *dataset.Images {
	images := &dataset.Images{Height: 6, Width: 6, Classes: []string{"upper", "lower"}}
	for i := range n {
		images.Labels = append(images.Labels, int32(i%2))
		for k := range 6 * 6 * 3 {
			value := 100 * testkit.U(n+i, k)
			if (k/(6*3) < 3) == (i%2 == 0) {
				value += 60
			}
			images.Pixels = append(images.Pixels, uint8(value))
		}
	}
	return images
}

// plainly prepares tiles; a view of it is a crop.
func plainly() augment.Policy {
	return augment.Policy{Size: 4, Scale: [2]float64{1, 1}, Ratio: [2]float64{1, 1}, Std: [3]float64{1, 1, 1}}
}

// newSubject is a network without variables: its features are the pixels of the view.
func newSubject(t *testing.T, d *device.Device, mode feed.Mode, train, test *dataset.Images) *Subject {
	t.Helper()
	vars, err := nn.Declare(d.Backend, nn.Mode{Precision: device.F32}, func(scope *nn.Scope) {
		scope.Param("unused", nil, 1)
		scope.Buffer("kept", nil, 1)
	})
	if err != nil {
		t.Fatal(err)
	}
	flat := func(x *graph.Node) *graph.Node { return graph.Reshape(x, x.Shape().Dimensions[0], -1) }
	s := &Subject{
		Device: d, Params: tensors.FromValue([]float32{0}), Buffers: tensors.FromValue([]float32{0}),
		Classes: 2, Labels: tensors.FromFlatDataAndDimensions(train.Labels, train.Len()), Truth: test.Labels,
	}
	s.Embedder, err = NewEmbedder(d, vars, device.F32, func(_ *nn.Scope, images augment.Batch) *graph.Node {
		return flat(plainly().Plain(images))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Embedder.Free)
	s.NewDrawer = func(view augment.Policy) (*Drawer, error) {
		return NewDrawer(d, vars, device.F32, func(_ *nn.Scope, keys *graph.Node, images augment.Batch) *graph.Node {
			return flat(view.View(keys, images))
		})
	}
	for _, source := range []struct {
		to   **feed.Source
		from *dataset.Images
	}{{&s.Train, train}, {&s.Test, test}} {
		if *source.to, err = feed.Open(d, source.from, mode); err != nil {
			t.Fatal(err)
		}
		t.Cleanup((*source.to).Free)
	}
	return s
}

// A view depends on the key and the number of its image, wherever images are and however
// many are embedded at once.
func TestDrawerDrawsEachImageByItself(t *testing.T) {
	d := testkit.Open(t, device.Go)
	images := tiles(d.EmbedBatch() + 7) // two batches, the second moved back
	view := plainly().CropAndFlip()
	want := testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
		image := graph.Const(in[0].Graph(), seq(images.Len()))
		return []*graph.Node{view.View(op.KeyNode(in[1], image), augment.Whole(in[0]))}
	}, tensors.FromFlatDataAndDimensions(images.Pixels, images.Len(), 6, 6, 3), tensors.FromScalar(op.Key(3)))[0]
	for _, mode := range []feed.Mode{feed.Resident, feed.Streamed} {
		s := newSubject(t, d, mode, images, tiles(4))
		drawer, err := s.NewDrawer(view)
		if err != nil {
			t.Fatal(err)
		}
		defer drawer.Free()
		features, err := drawer.Draw(t.Context(), op.Key(3), s.Params, s.Buffers, s.Train)
		if err != nil {
			t.Fatal(err)
		}
		testkit.Within(t, string(mode), testkit.Values(t, features), want, 1e-6)
		features.MustFinalizeAll()
	}
}

func seq(n int) []int32 {
	list := make([]int32, n)
	for i := range list {
		list[i] = int32(i)
	}
	return list
}

// A probe's epochs are fitted to views drawn for each of them, and it answers of plain images.
func TestLinearOfDrawnImages(t *testing.T) {
	d := testkit.Open(t, device.Go)
	train, test := tiles(40), tiles(20)
	s := newSubject(t, d, feed.Resident, train, test)
	l := Linear{Epochs: 3, Batch: 8, LR: 0.2, Momentum: 0.9, Seed: 5, View: plainly().CropAndFlip()}
	got, err := s.Linear(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	by := newProbe(t, d, l, 2)
	drawer, err := s.NewDrawer(l.View)
	if err != nil {
		t.Fatal(err)
	}
	defer drawer.Free()
	var epochs [][]float64
	err = by.FitDrawn(t.Context(), s.Labels, func(epoch int) (*tensors.Tensor, error) {
		features, err := drawer.Draw(t.Context(), op.Key(5, uint64(epoch), 1), s.Params, s.Buffers, s.Train)
		if err == nil {
			epochs = append(epochs, testkit.Values(t, features))
		}
		return features, err
	})
	if err != nil {
		t.Fatal(err)
	}
	queries, err := s.embed(t.Context(), s.Test)
	if err != nil {
		t.Fatal(err)
	}
	answers, err := by.Predict(t.Context(), queries)
	if err != nil {
		t.Fatal(err)
	}
	if want := Accuracy(answers, s.Truth); got != want || !(got > 0.6) {
		t.Errorf("accuracy %g, want %g, above chance", got, want)
	}
	if slices.Equal(epochs[0], epochs[1]) || slices.Equal(epochs[1], epochs[2]) {
		t.Error("two epochs have the same views")
	}
}

// All that is measured is what its parts give by themselves; what is there is not measured
// again.
func TestMeasure(t *testing.T) {
	d := testkit.Open(t, device.Go)
	train, test := tiles(40), tiles(20)
	s := newSubject(t, d, feed.Resident, train, test)
	m := DefaultMeasures(plainly())
	m.KNN, m.Linear.Epochs = m.KNN.UpTo(40), 2
	var told []Measured
	got, err := s.Measure(t.Context(), m, Measured{}, func(m Measured) error { told = append(told, m); return nil })
	if err != nil {
		t.Fatal(err)
	}
	set := func(source *feed.Source, images *dataset.Images) *embedding.Set {
		features, err := s.embed(t.Context(), source)
		if err != nil {
			t.Fatal(err)
		}
		values, err := tensors.CopyFlatData[float32](features)
		if err != nil {
			t.Fatal(err)
		}
		return &embedding.Set{Features: values, Dim: 48, Labels: images.Labels, Classes: images.Classes}
	}
	bank, queries := set(s.Train, train), set(s.Test, test)
	var want Measured
	if want.RankMe, want.EffectiveRank, err = Ranks(bank); err != nil {
		t.Fatal(err)
	}
	if want.KNN, err = m.KNN.Scores(t.Context(), device.Go, bank, queries); err != nil {
		t.Fatal(err)
	}
	if want.Linear, err = s.Linear(t.Context(), m.Linear); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || !(want.RankMe > 1 && want.EffectiveRank > want.RankMe && want.Linear > 0) {
		t.Errorf("measured (-want +got):\n%s", diff)
	}
	ranks, knn := Measured{RankMe: want.RankMe, EffectiveRank: want.EffectiveRank}, want
	knn.Linear = 0
	if diff := cmp.Diff([]Measured{ranks, knn, want}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	marked := Measured{RankMe: 1, EffectiveRank: 2, KNN: Scores{}, Linear: 0.5}
	kept, err := s.Measure(t.Context(), m, marked, func(Measured) error { return errors.New("something was measured") })
	if diff := cmp.Diff(marked, kept); err != nil || diff != "" {
		t.Errorf("measured again: %v\n%s", err, diff)
	}
	full := errors.New("disk full")
	if _, err := s.Measure(t.Context(), m, Measured{}, func(Measured) error { return full }); !errors.Is(err, full) {
		t.Errorf("the error of done is lost: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Measure(ctx, m, Measured{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
}

func TestMeasuresValidate(t *testing.T) {
	all := DefaultMeasures(augment.SimCLR(32))
	for _, m := range []Measures{{}, all, {Ranks: true}} {
		if err := m.Validate(); err != nil {
			t.Error(err)
		}
	}
	if (Measures{}).On() || !all.Labelled() || (Measures{Ranks: true}).Labelled() || !(Measures{Ranks: true}).On() {
		t.Error("ranks are a measure that compares no classes")
	}
	wrong := all
	wrong.KNN.K = []int{-3}
	if err := wrong.Validate(); err == nil || !strings.Contains(err.Error(), "k -3") {
		t.Errorf("error %v", err)
	}
	wrong = all
	wrong.Linear.LR = math.Inf(1)
	if err := wrong.Validate(); err == nil || !strings.Contains(err.Error(), "lr +Inf") {
		t.Errorf("error %v", err)
	}
}

func TestMeasuredAsText(t *testing.T) {
	m := Measured{RankMe: 12.34, EffectiveRank: 56.78, Linear: 0.5, KNN: Scores{{KNN{20, 0.1}, 0.25}}}
	want := "RankMe 12.3\neffective rank 56.8\nlinear probe 0.500\nkNN accuracy     T 0.1\nk 20             0.250"
	if got := m.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
