package show

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

func result() *train.Result {
	return &train.Result{
		Recipe: recipe.Recipe{Name: "SimCLR", Data: dataset.Shapes, Epochs: 2, Batch: 64},
		Device: "a device",
		Epochs: []train.Epoch{
			{Epoch: 0, Loss: math.NaN(), KNN: 0.25, KNNSeconds: 1},
			{Epoch: 1, Loss: 4.5, KNN: 0.625, ImagesPerSecond: 100, TrainSeconds: 20, KNNSeconds: 1},
			{Epoch: 2, Loss: 4.25, KNN: 0.5, ImagesPerSecond: 200, TrainSeconds: 10, KNNSeconds: 1},
		},
		CompileSeconds: 2.5,
		Memory:         device.Memory{Peak: 300 << 20, Source: "process resident memory"},
	}
}

func images(t *testing.T, n int) *dataset.Images {
	t.Helper()
	set, err := dataset.DrawShapes(1, n, 0)
	if err != nil {
		t.Fatal(err)
	}
	return set.Train
}

func TestTableText(t *testing.T) {
	want := `recipe         SimCLR on shapes, 2 epochs, batch 64
kNN untrained  25.00 %
kNN last       50.00 %  (epoch 2)
kNN best       62.50 %  (epoch 1)
time           36s, of which compiling 2.5s
speed          200 images/s
peak memory    300 MiB (process resident memory)
device         a device
`
	if diff := cmp.Diff(want, TableText(result())); diff != "" {
		t.Error(diff)
	}
}

func TestSaveCurves(t *testing.T) {
	dir := t.TempDir()
	for _, results := range [][]*train.Result{{result()}, {result(), result()}, {{}}} {
		path := filepath.Join(dir, "curves.png")
		if err := SaveCurves(path, results...); err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := png.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if n := inked(picture); n < 500 {
			t.Errorf("%d results: %d pixels are not white", len(results), n)
		}
	}
	path := filepath.Join(dir, "curves.svg")
	if err := SaveCurves(path, result()); err != nil {
		t.Fatal(err)
	}
	if svg, err := os.ReadFile(path); err != nil || !strings.Contains(string(svg), "training loss") {
		t.Errorf("no title in the SVG (%v)", err)
	}
	if err := SaveCurves(filepath.Join(dir, "curves.pdf"), result()); err == nil {
		t.Error(".pdf: no error")
	}
	if err := SaveCurves(path); err == nil {
		t.Error("no results: no error")
	}
}

func inked(picture image.Image) (n int) {
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			if r, g, b, _ := picture.At(x, y).RGBA(); r != 0xffff || g != 0xffff || b != 0xffff {
				n++
			}
		}
	}
	return n
}

func TestGridImage(t *testing.T) {
	set := images(t, 5)
	picture, err := GridImage(set, 7, 3)
	if err != nil {
		t.Fatal(err)
	}
	want := image.Pt(3*(32*zoom+gap)+gap, 2*(32*zoom+gap+label)+gap)
	if got := picture.Bounds().Size(); got != want {
		t.Errorf("size %v, want %v", got, want)
	}
	last, x0, y0 := set.NRGBA(4), gap+32*zoom+gap, gap+32*zoom+gap+label // second row, second column
	for _, p := range []image.Point{{}, {X: 31, Y: 31}, {X: 7, Y: 20}} {
		if got, want := picture.At(x0+zoom*p.X+1, y0+zoom*p.Y+1), last.At(p.X, p.Y); got != want {
			t.Errorf("pixel %v of the last image is %v, want %v", p, got, want)
		}
	}
	if got := picture.At(1, 1); got != (color.NRGBA{R: 255, G: 255, B: 255, A: 255}) {
		t.Errorf("the gap is %v, want white", got)
	}
	if _, err := GridImage(set, 5, 0); err == nil {
		t.Error("no columns: no error")
	}
}

// A policy that changes nothing shows the images again.
func TestViewsImage(t *testing.T) {
	still := augment.Policy{Size: 32, Scale: [2]float64{1, 1}, Ratio: [2]float64{1, 1},
		Mean: [3]float64{0.5, 0.4, 0.3}, Std: [3]float64{0.2, 0.3, 0.4}}
	set := images(t, 2)
	picture, err := ViewsImage(set, 2, still, 2, testkit.Any(t).Kind)
	if err != nil {
		t.Fatal(err)
	}
	step := 32*zoom + gap
	if got, want := picture.Bounds().Size(), image.Pt(2*step+gap, 3*step+gap); got != want {
		t.Errorf("size %v, want %v", got, want)
	}
	for view := 1; view <= 2; view++ {
		for p := range step * 2 {
			if got, want := picture.At(p, view*step+p%step), picture.At(p, p%step); got != want {
				t.Fatalf("view %d, x %d: %v, want %v", view, p, got, want)
			}
		}
	}
}

func TestProgress(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	var pages []string
	p := &progress{out: &out, now: func() time.Time { return now },
		draw: func(e train.Event, left time.Duration) { pages = append(pages, page(e, left)) }}
	r := result()
	all := r.Epochs
	report := func(e train.Event, epochs int) {
		r.Epochs = all[:epochs]
		e.Epochs, e.Result = 2, r
		if e.Phase == train.Training {
			e.Steps = 10
		}
		p.report(e)
		now = now.Add(time.Second)
	}
	report(train.Event{Phase: train.Preparing, Note: "compiling a < b"}, 0)
	report(train.Event{Phase: train.EpochDone}, 1)
	report(train.Event{Phase: train.Training, Epoch: 1, Step: 1}, 1)
	report(train.Event{Phase: train.Training, Epoch: 1, Step: 2}, 1)
	report(train.Event{Phase: train.EpochDone, Epoch: 1}, 2)
	report(train.Event{Phase: train.EpochDone, Epoch: 2}, 3)
	report(train.Event{Phase: train.Finished, Epoch: 2}, 3)
	want := "epoch 0/2  untrained   kNN 0.250\n" +
		"epoch 1/2  loss 4.500  kNN 0.625  100 images/s\n" +
		"epoch 2/2  loss 4.250  kNN 0.500  200 images/s\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	for i, part := range map[int]string{0: "compiling a &lt; b", 3: "epoch 1/2, 18s left", 4: "width:50.0%", 6: "width:100.0%"} {
		if !strings.Contains(pages[i], part) {
			t.Errorf("page %d does not say %q: %s", i, part, pages[i])
		}
	}
	if last := pages[len(pages)-1]; strings.Contains(last, "NaN") || strings.Count(last, "<svg") != 1 {
		t.Errorf("want two curves without NaN: %s", last)
	}
}

// photographs are a wide image, red on the left, and one that is larger than the cells.
func photographs() *dataset.Images {
	m := &dataset.Images{Labels: []int32{0, 0}, Classes: []string{"photograph"}, Side: 300,
		Frames: []dataset.Frame{{Height: 20, Width: 60}, {Row: 60, Height: 400, Width: 300}}}
	m.Pixels = make([]uint8, 460*300*3)
	for x := range 30 { // a wide image lies transposed
		for y := range 20 {
			m.Pixels[3*(x*300+y)] = 255
		}
	}
	return m
}

func TestImagesOfSeveralSizes(t *testing.T) {
	red, black, white := color.NRGBA{R: 255, A: 255}, color.NRGBA{A: 255}, color.NRGBA{R: 255, G: 255, B: 255, A: 255}
	check := func(picture image.Image, points map[image.Point]color.NRGBA) {
		t.Helper()
		for p, want := range points {
			if got := picture.At(p.X, p.Y); got != want {
				t.Errorf("the picture is %v at %v, want %v", got, p, want)
			}
		}
	}
	picture, err := GridImage(photographs(), 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	second := 2*gap + large
	if got, want := picture.Bounds().Size(), image.Pt(second+large+gap, large+label+2*gap); got != want {
		t.Errorf("size %v, want %v", got, want)
	}
	check(picture, map[image.Point]color.NRGBA{{X: gap + 29, Y: gap + 19}: red, {X: gap + 31, Y: gap + 19}: black, {X: gap + 5, Y: gap + 40}: white,
		{X: second + 119, Y: gap + 159}: black, {X: second + 121, Y: gap + 1}: white})

	still := augment.Policy{Size: 20, Scale: [2]float64{1, 1}, Ratio: [2]float64{3, 3}, Std: [3]float64{1, 1, 1}}
	picture, err = ViewsImage(photographs(), 1, still, 1, testkit.Any(t).Kind)
	if err != nil {
		t.Fatal(err)
	}
	view := gap + zoom*20 + gap
	check(picture, map[image.Point]color.NRGBA{{X: gap + zoom*29, Y: gap + 1}: red, {X: gap + zoom*31, Y: gap + 1}: black,
		{X: gap + zoom*8, Y: view + zoom*8}: red, {X: gap + zoom*12, Y: view + zoom*8}: black})
}
