package recipe

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

// policies is the file of views and published results. Its keys are methods that
// have the same ones: "DCL, DCLW".
type policies struct {
	CIFAR10, Imagenette map[string][]viewsOf
	Published           struct {
		CIFAR10    struct{ Rows map[string][][5]float64 } // batch, epochs, kNN, minutes, GiB
		Imagenette struct{ Rows map[string][6]float64 }   // kNN, minutes, GiB: of 200 epochs, of 800
	}
}

// viewsOf is how some views are drawn: operations in their order.
type viewsOf struct {
	Count, Size int
	Ops         []struct {
		Op                                    string
		P, Threshold                          float64
		Scale, Ratio, Sigma                   [2]float64
		Brightness, Contrast, Saturation, Hue [2]float64
		Interpolation                         string
	}
}

// only returns the file of a kind.
func only[T any](t *testing.T, kind string) T {
	t.Helper()
	files := testkit.Golden[T](t, kind)
	if len(files) != 1 {
		t.Fatalf("%d files of %s, want 1", len(files), kind)
	}
	return slices.Collect(maps.Values(files))[0]
}

// of finds what a file says of a method, whose name is one of a key's: "DCL, DCLW".
func of[T any](file map[string]T, name string) (found T, ok bool) {
	for key, value := range file {
		if slices.Contains(strings.Split(key, ", "), name) {
			return value, true
		}
	}
	return found, false
}

// TestGoldenPublished compares what was published with the tables of 2023. Rows of
// methods that are not here are named and skipped.
func TestGoldenPublished(t *testing.T) {
	file := only[policies](t, "policies").Published
	rows := map[string]Expect{}
	row := func(data dataset.Name, name string, batch, epochs int, knn, minutes, gib float64) {
		rows[fmt.Sprintf("%s %s %d/%d", name, data, batch, epochs)] = Expect{knn, gib, minutes, a6000}
	}
	for name, list := range file.CIFAR10.Rows {
		for _, r := range list {
			row(dataset.CIFAR10, name, int(r[0]), int(r[1]), r[2], r[3], r[4])
		}
	}
	for name, r := range file.Imagenette.Rows {
		row(dataset.Imagenette, name, 256, 200, r[0], r[1], r[2])
		row(dataset.Imagenette, name, 256, 800, r[3], r[4], r[5])
	}
	if len(rows) != 36+40 {
		t.Errorf("%d rows, want 36 on CIFAR-10 and 40 on ImageNette", len(rows))
	}
	for _, r := range Published() {
		key := fmt.Sprintf("%s %s %d/%d", r.Name, r.Data, r.Batch, r.Epochs)
		if want := rows[key]; r.Preset == Lightly2023 && r.Expect != want {
			t.Errorf("%s: %+v, want %+v", key, r.Expect, want)
		}
		if r.Preset == Lightly2023 {
			delete(rows, key)
		}
	}
	for key := range rows {
		t.Errorf("%s: published, but there is no recipe", key)
	}
}

// TestGoldenViews compares how views are drawn. Until July 2023 BYOL, BarlowTwins and
// TiCo had those of SimCLR.
func TestGoldenViews(t *testing.T) {
	file := only[policies](t, "policies")
	for _, r := range Published() {
		if r.Preset != Lightly2023 && r.Preset != LightlyHEAD {
			continue
		}
		name := r.Name
		if r.Preset == Lightly2023 && slices.Contains([]string{"BYOL", "BarlowTwins", "TiCo"}, name) {
			name = "SimCLR"
		}
		views := map[dataset.Name]map[string][]viewsOf{dataset.CIFAR10: file.CIFAR10, dataset.Imagenette: file.Imagenette}[r.Data]
		list, ok := of(views, name)
		if !ok {
			t.Errorf("%s on %s: there is a recipe, but the script has none", name, r.Data)
			continue
		}
		var want []augment.Policy
		for _, v := range list {
			want = append(want, slices.Repeat([]augment.Policy{v.policy(t)}, v.Count)...)
		}
		if name == "SimMIM" {
			want = want[:1] // nobody looks at the other one
		}
		if diff := cmp.Diff(want, r.Views, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })); diff != "" {
			t.Errorf("%s %s on %s: views (-want +got):\n%s", r.Preset, r.Name, r.Data, diff)
		}
	}
}

// policy is what draws the views.
func (v viewsOf) policy(t *testing.T) augment.Policy {
	t.Helper()
	mean, std := dataset.ImageNet()
	p := augment.Policy{Size: v.Size, Mean: mean, Std: std}
	for _, op := range v.Ops {
		switch op.Op {
		case "crop":
			p.Scale, p.Ratio, p.Cubic = op.Scale, op.Ratio, op.Interpolation == "bicubic"
		case "flip":
			p.FlipP = op.P
		case "jitter":
			p.JitterP, p.Hue = op.P, op.Hue[1]
			p.Brightness, p.Contrast, p.Saturation = op.Brightness[1]-1, op.Contrast[1]-1, op.Saturation[1]-1
		case "grayscale":
			p.GrayscaleP = op.P
		case "blur":
			p.BlurP, p.BlurSigma = op.P, op.Sigma
			p.SolarizeFirst = p.SolarizeP > 0 // it was among the operations before
		case "solarize":
			p.SolarizeP = op.P
		case "grid": // of VICRegL: it changes no pixel
		default:
			t.Fatalf("there is no operation %q", op.Op)
		}
	}
	return p
}

// peak is an optimizer with its highest rate: "0.06 f", where f is the batch over 128
// or 256, or "0.06 (not scaled)".
type peak struct {
	Optimizer, LR        string
	Momentum, Eps, Trust float64
	WeightDecay          float64 `json:"weight_decay"`
	Betas                [2]float64
}

func (p peak) optimizer(t *testing.T) optim.Optimizer {
	t.Helper()
	decay := schedule.Constant(p.WeightDecay)
	switch p.Optimizer {
	case "SGD":
		return optim.SGD{Momentum: p.Momentum, WeightDecay: decay}
	case "LARS":
		return optim.LARS{Momentum: p.Momentum, WeightDecay: decay, Trust: p.Trust, Epsilon: 1e-8}
	case "Adam":
		return optim.Adam{Beta1: p.Betas[0], Beta2: p.Betas[1], Epsilon: p.Eps, WeightDecay: decay}
	case "AdamW":
		return optim.AdamW{Beta1: p.Betas[0], Beta2: p.Betas[1], Epsilon: p.Eps, WeightDecay: decay}
	}
	t.Fatalf("there is no optimizer %q", p.Optimizer)
	return nil
}

func (p peak) rate(t *testing.T, r Recipe) float64 {
	t.Helper()
	var lr float64
	var rule string
	if _, err := fmt.Sscan(p.LR, &lr, &rule); err != nil {
		t.Fatalf("cannot read the rate %q: %v", p.LR, err)
	}
	switch {
	case rule != "f":
		return lr
	case r.small():
		return lr * float64(r.Batch) / 128
	}
	return lr * float64(r.Batch) / 256
}

// TestGoldenOptimizers compares optimizers and learning rates, epoch by epoch, of the
// methods whose are in the file.
func TestGoldenOptimizers(t *testing.T) {
	type factors struct{ Factor map[int]float64 }
	file := only[struct {
		Peak map[string]json.RawMessage
		Rate map[string]factors `json:"learning_rate"`
	}](t, "schedules")
	for _, r := range Published() {
		text, ok := of(file.Peak, r.Name)
		if !ok || r.Preset != Lightly2023 && r.Preset != LightlyHEAD {
			continue
		}
		var p peak
		if err := json.Unmarshal(text, &p); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p.optimizer(t), r.Optim); diff != "" {
			t.Errorf("%s %s on %s: optimizer (-want +got):\n%s", r.Preset, r.Name, r.Data, diff)
		}
		era := map[Preset]string{Lightly2023: "May 2023", LightlyHEAD: "HEAD"}[r.Preset]
		list := file.Rate[fmt.Sprintf("SGD methods: cosine, %d epochs", r.Epochs)]
		for title, own := range file.Rate {
			names, _, _ := strings.Cut(title, fmt.Sprintf(", %d epochs, %s", r.Epochs, era))
			if names != title && slices.Contains(strings.Split(names, ", "), r.Name) {
				list = own
			}
		}
		for epoch, factor := range list.Factor {
			top := p.rate(t, r)
			testkit.Within(t, fmt.Sprintf("%s %s on %s: rate of epoch %d", r.Preset, r.Name, r.Data, epoch),
				[]float64{r.LR.Value(epoch, r.Epochs)}, []float64{top * factor}, 1e-9*top)
		}
	}
}
