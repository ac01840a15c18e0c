package recipe

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

func TestPublishedOrder(t *testing.T) {
	var all, want []string
	for _, m := range method.All() {
		all = append(all, method.Name(m))
	}
	if diff := cmp.Diff(all, methods()); diff != "" {
		t.Errorf("methods and their recipes (-want +got):\n%s", diff)
	}
	if len(added) != len(all) {
		t.Errorf("%d recipes were added, of %d methods", len(added), len(all))
	}
	for _, m := range Methods() {
		if m.Idea == "" || !strings.HasPrefix(m.Paper, "https://") || strings.HasSuffix(m.Paper, "/") {
			t.Errorf("%+v, want an idea and the address of a paper", m)
		}
	}
	recipes := Published()
	var got []string
	for _, r := range recipes {
		row := fmt.Sprint(r.Preset, r.Data, r.Batch, "/", r.Epochs, r.Name)
		if slices.Contains(got, row) {
			t.Errorf("%s is there twice", row)
		}
		got = append(got, row)
	}
	// Each preset has four sizes on CIFAR-10, and two on ImageNette, lightlyHEAD four;
	// best has three, of SimCLR and BYOL.
	first := append(since2021(), "DCL", "DCLW", "NNCLR") // methods that joined since then may lack some
	later := slices.DeleteFunc(Published(), func(r Recipe) bool { return slices.Contains(first, r.Name) })
	if n, want := len(recipes)-len(later), 5*(4+2)+8*(4+2)+8*(4+4)+2*3; n != want {
		t.Errorf("%d recipes of the first %d methods, want %d", n, len(first), want)
	}
	for _, table := range tables {
		names := all
		if table.preset == Seed2021 {
			names = since2021()
		}
		for _, size := range table.sizes {
			for _, name := range names {
				if _, err := At(table.preset, table.data, name, size[0], size[1]); err == nil || table.preset != Best && slices.Contains(since2021(), name) {
					want = append(want, fmt.Sprint(table.preset, table.data, size[0], "/", size[1], name))
				}
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the order of recipes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(recipes, Published()); diff != "" {
		t.Errorf("asked again, they differ:\n%s", diff)
	}
}

// since2021 lists the methods that were there from the first.
func since2021() []string { return []string{"MoCo", "SimCLR", "SimSiam", "BarlowTwins", "BYOL"} }

// A recipe between the published ones has the learning rate of its batch, and
// no published result.
func TestAt(t *testing.T) {
	r, err := At(Lightly2023, dataset.CIFAR10, "BYOL", 64, 12)
	if err != nil {
		t.Fatal(err)
	}
	if r.Name != "BYOL" || r.Batch != 64 || r.Epochs != 12 || r.LR != annealed(0.03) || r.Expect != (Expect{}) {
		t.Errorf("got %+v", r)
	}
	published, err := Find(Lightly2023, dataset.CIFAR10, "BYOL", 512, 200)
	if err != nil {
		t.Fatal(err)
	}
	same, err := At(Lightly2023, dataset.CIFAR10, "BYOL", 512, 200)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(published, same); diff != "" {
		t.Errorf("At a published size (-found +at):\n%s", diff)
	}
	_, err = At(Lightly2023, dataset.CIFAR10, "BYOLO", 64, 12)
	if err == nil || !strings.Contains(err.Error(), "as method one of MoCo") {
		t.Errorf("unknown method: %v", err)
	}
}

// Changing one recipe must not change another.
func TestPublishedShareNothing(t *testing.T) {
	recipes := Published()
	for i := range recipes {
		recipes[i].Views[len(recipes[i].Views)-1].Size = 1000 + i
		if net, ok := recipes[i].Backbone.(backbone.ResNet); ok {
			net.Blocks[3] = 1000 + i
		}
	}
	for i, r := range recipes {
		last, want := len(r.Views)-1, 1000+i
		if net, ok := r.Backbone.(backbone.ResNet); ok && net.Blocks[3] != want || r.Views[last].Size != want || last > 0 && r.Views[0].Size >= 1000 {
			t.Errorf("%s %s on %s shares its views or blocks", r.Preset, r.Name, r.Data)
		}
	}
}

// Every published result belongs to a recipe, and HEAD has none.
func TestResults(t *testing.T) {
	count := 0
	for _, e := range entries() {
		for _, row := range e.results {
			r, err := Find(row.preset, row.data, e.name, row.batch, row.epochs)
			if err != nil {
				t.Error(err)
			}
			hardware := map[Preset]string{Seed2021: v100, Lightly2023: a6000}[row.preset]
			if want := (Expect{row.knn, row.memoryGiB, row.minutes, hardware}); r.Expect != want {
				t.Errorf("%s %s: %+v, want %+v", r.Preset, r.Name, r.Expect, want)
			}
			count++
		}
	}
	for _, r := range Published() {
		if r.Expect != (Expect{}) {
			count--
		}
		if (r.Preset == LightlyHEAD || r.Preset == Best) && r.Expect != (Expect{}) {
			t.Errorf("%s on %s has a result", r.Name, r.Data)
		}
	}
	if count != 0 {
		t.Errorf("%d results are of no recipe", count)
	}
}

func TestFindErrors(t *testing.T) {
	for _, c := range []struct {
		preset        Preset
		data          dataset.Name
		name          string
		batch, epochs int
		want          []string
	}{
		{"2023", dataset.CIFAR10, "SimCLR", 512, 200, []string{`"2023"`, "preset one of seed2021, lightly2023, lightlyHEAD, best"}},
		{Lightly2023, dataset.Shapes, "SimCLR", 512, 200, []string{`"shapes"`, "data set one of cifar10, imagenette"}},
		{Lightly2023, dataset.CIFAR10, "CPC", 512, 200, []string{`"CPC"`, "method one of MoCo, SimCLR, SimSiam, BarlowTwins, BYOL, DCL, DCLW"}},
		{Seed2021, dataset.CIFAR10, "DCL", 512, 200, []string{`"DCL"`, "method one of MoCo, SimCLR, SimSiam, BarlowTwins, BYOL"}},
		{Lightly2023, dataset.CIFAR10, "SimCLR", 256, 800, []string{"256/800", "batch/epochs one of 128/200, 512/200, 512/800"}},
		{Seed2021, dataset.Imagenette, "BYOL", 128, 800, []string{"128/800", "batch/epochs one of 256/800, 256/200"}},
	} {
		_, err := Find(c.preset, c.data, c.name, c.batch, c.epochs)
		for _, want := range append(c.want, string(c.preset), string(c.data), c.name) {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want one that says %q", err, want)
			}
		}
	}
}

func TestDefaults(t *testing.T) {
	for _, e := range entries() {
		if e.benchmark == nil {
			continue
		}
		name := e.name
		small, err := CIFAR10(name)
		if err != nil && slices.Contains(since2021(), name) {
			t.Fatal(err)
		}
		large, other := Imagenette(name)
		if other != nil && (err != nil || slices.Contains(since2021(), name)) {
			t.Fatal(other) // each has one of them
		}
		if err == nil && (small.Preset != Lightly2023 || small.Batch != 512 || small.Epochs != 200 || small.Data != dataset.CIFAR10 || small.Name != name) {
			t.Errorf("CIFAR10(%q): %+v", name, small)
		}
		if other == nil && (large.Preset != Lightly2023 || large.Batch != 256 || large.Epochs != 800 || large.Data != dataset.Imagenette || large.Name != name) {
			t.Errorf("Imagenette(%q): %+v", name, large)
		}
	}
}

// TestShared checks what is the same in all presets, and what is the same for the
// first methods.
func TestShared(t *testing.T) {
	for _, r := range Published() {
		row := fmt.Sprintf("%s %s %s %d/%d", r.Preset, r.Data, r.Name, r.Batch, r.Epochs)
		if r.ClipNorm != 0 || r.Seed != 0 || r.Precision != device.BF16 || r.Eval != (eval.KNN{K: 200, Temperature: 0.1}) {
			t.Errorf("%s: %+v, %s, seed %d", row, r.Eval, r.Precision, r.Seed)
		}
		large := r.Data == dataset.Imagenette
		images, size := [2]int{50_000, 10_000}, 32
		if large {
			images, size = [2]int{9_469, 3_925}, 128
		}
		if got := [2]int{r.TrainImages, r.TestImages}; got != images {
			t.Errorf("%s: %d images", row, got)
		}
		if steps := map[int][2]int{128: {390, 73}, 512: {97, 0}, 256: {195, 36}}[r.Batch]; r.Steps() != steps[0] && r.Steps() != steps[1] {
			t.Errorf("%s: %d steps", row, r.Steps())
		}
		if r.Preset == Best || !slices.Contains(append(since2021(), "DCL", "DCLW", "NNCLR"), r.Name) {
			continue
		}
		o := optim.SGD{Momentum: 0.9, WeightDecay: schedule.Constant(5e-4)}
		if r.Optim != o || r.Freeze != nil {
			t.Errorf("%s: %+v", row, r.Optim)
		}
		if b := r.Backbone.(backbone.ResNet); b.StemReLU != large || b.LargeStem != large || b.NormalInit != large || b.FinalConv != (large && r.Preset == Seed2021) ||
			b.Width != 64 || !slices.Equal(b.Blocks, []int{2, 2, 2, 2}) || (b.Splits == 8) != (!large && r.Name == "MoCo") {
			t.Errorf("%s: %+v", row, b)
		}
		if moco, ok := r.Method.(method.MoCo); ok && (moco.Enqueue != method.EnqueueBetween || moco.Temperature != 0.1) {
			t.Errorf("%s: %+v", row, moco)
		}
		for i, v := range r.Views {
			if v.Size != size || v.Brightness != 0.4 || v.Hue != 0.1 || v.JitterP != 0.8 || v.Mean != augment.SimCLR(size).Mean {
				t.Errorf("%s: views[%d] %+v", row, i, v)
			}
			if !large && v.BlurP != 0 {
				t.Errorf("%s: views[%d] is blurred", row, i)
			}
		}
	}
}

// bare is a head without batch norm, normed one with it, biased one with all biases.
func bare(hidden, out int) head.MLP {
	return head.MLP{Layers: 2, Hidden: hidden, Out: out, OutNorm: head.NoNorm}
}

func normed(layers, hidden, out int, end head.Norm) head.MLP {
	return head.MLP{Layers: layers, Hidden: hidden, Out: out, BatchNorm: true, OutNorm: end}
}

func biased(h head.MLP) head.MLP {
	h.AllBiases = true
	return h
}

// TestMethods compares the methods with the reference, written out a second time.
func TestMethods(t *testing.T) {
	moco := func(hidden, queue, moves int) method.MoCo {
		return method.MoCo{Projector: bare(hidden, 128), Temperature: .1, Queue: queue, Momentum: schedule.Constant(.99), Moves: moves, Enqueue: "between"}
	}
	simCLR := func(p head.MLP) method.SimCLR { return method.SimCLR{Projector: p, Temperature: .5} }
	simSiam := func(p, q head.MLP) method.SimSiam { return method.SimSiam{Projector: p, Predictor: q} }
	barlow := func(p head.MLP, unbiased bool) method.BarlowTwins {
		return method.BarlowTwins{Projector: p, Lambda: .005, Unbiased: unbiased}
	}
	byol := func(p head.MLP, momentum float64, moves int) method.BYOL {
		return method.BYOL{Projector: p, Predictor: p, Momentum: schedule.Constant(momentum), Moves: moves}
	}
	affine, plain := normed(2, 2048, 2048, head.AffineNorm), normed(3, 2048, 2048, head.PlainNorm)
	two, three := normed(2, 2048, 2048, head.NoNorm), normed(3, 2048, 2048, head.NoNorm)
	narrow, small, large := normed(2, 512, 2048, head.NoNorm), normed(2, 1024, 256, head.NoNorm), normed(2, 4096, 256, head.NoNorm)
	clr := simCLR(normed(2, 512, 128, head.AffineNorm))

	seed := []method.Method{moco(512, 4096, 2), simCLR(bare(512, 128)), simSiam(biased(affine), biased(narrow)),
		barlow(biased(two), true), byol(biased(large), .9, 2)}
	dcl := func(separate bool) method.DCL {
		return method.DCL{Projector: clr.Projector, Temperature: .1, Separate: separate}
	}
	dclw := func(separate bool) method.DCLW {
		return method.DCLW{Projector: clr.Projector, Temperature: .1, Sigma: .5, Separate: separate}
	}
	cifar := func(queue int, old bool) []method.Method {
		return []method.Method{moco(512, queue, 1), clr, simSiam(affine, narrow), barlow(two, old), byol(small, .99, 1), dcl(old), dclw(old)}
	}
	nette := func(old bool) []method.Method {
		return []method.Method{moco(2048, 4096, 1), clr, simSiam(plain, narrow), barlow(three, old), byol(large, .99, 1), dcl(old), dclw(old)}
	}
	for _, c := range []struct {
		preset        Preset
		data          dataset.Name
		batch, epochs int
		want          []method.Method
	}{
		{Seed2021, dataset.CIFAR10, 128, 200, seed},
		{Seed2021, dataset.CIFAR10, 512, 800, seed},
		{Seed2021, dataset.Imagenette, 256, 800, seed},
		{Lightly2023, dataset.CIFAR10, 128, 200, cifar(4096, true)},
		{Lightly2023, dataset.CIFAR10, 512, 200, cifar(8192, true)},
		{Lightly2023, dataset.CIFAR10, 512, 800, cifar(8192, true)},
		{Lightly2023, dataset.Imagenette, 256, 200, nette(true)},
		{LightlyHEAD, dataset.CIFAR10, 512, 800, cifar(4096, false)},
		{LightlyHEAD, dataset.Imagenette, 128, 800, nette(false)},
	} {
		for i, name := range methods()[:len(c.want)] {
			r, err := Find(c.preset, c.data, name, c.batch, c.epochs)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want[i], r.Method); diff != "" {
				t.Errorf("%s %s %s (-want +got):\n%s", c.preset, c.data, name, diff)
			}
		}
	}
}
