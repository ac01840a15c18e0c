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
	"github.com/schollz/progressbar/v3"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

func result() *train.Result {
	return &train.Result{
		Recipe: recipe.Recipe{Name: "SimCLR", Data: dataset.Shapes, Epochs: 2, Batch: 64, Eval: eval.KNN{K: 1, Temperature: 1}},
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

func TestTable(t *testing.T) {
	want := `recipe         SimCLR on shapes, 2 epochs, batch 64
kNN untrained  25.00 %
kNN last       50.00 %  (epoch 2)
kNN best       62.50 %  (epoch 1)
time           36s, of which compiling 2.5s
speed          200 images/s
peak memory    300 MiB (process resident memory)
device         a device
`
	if diff := cmp.Diff(want, string(Table(result()))); diff != "" {
		t.Error(diff)
	}
}

func TestSave(t *testing.T) {
	dir := t.TempDir()
	for _, results := range [][]*train.Result{{result()}, {result(), result()}, {{}}} {
		path := filepath.Join(dir, "curves.png")
		if err := Curves(results...).Save(path); err != nil {
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
	if err := Curves(result()).Save(path); err != nil {
		t.Fatal(err)
	}
	if svg, err := os.ReadFile(path); err != nil || !strings.Contains(string(svg), "training loss") {
		t.Errorf("no title in the SVG (%v)", err)
	}
	if err := Curves(result()).Save(filepath.Join(dir, "curves.pdf")); err == nil {
		t.Error(".pdf: no error")
	}
	if err := Curves().Save(path); err == nil {
		t.Error("no results: no error")
	}
}

// Losses of one method share an axis, whatever its runs are called.
func TestCurvesCompareOneMethod(t *testing.T) {
	a, b := result(), result()
	a.Recipe.Method, b.Recipe.Method = method.SimCLR{}, method.SimCLR{Temperature: 1}
	b.Recipe.Name = "SimCLR, cold"
	svg, err := Curves(a, b).svg()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(svg, "training loss") || !strings.Contains(svg, "SimCLR, cold") {
		t.Error("runs of one method lack their losses or names")
	}
	b.Recipe.Method = method.BYOL{}
	if svg, err = Curves(a, b).svg(); err != nil || strings.Contains(svg, "training loss") {
		t.Errorf("runs of two methods share an axis for their losses, error %v", err)
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

func TestGrid(t *testing.T) {
	set := images(t, 5)
	picture, err := Grid(set, 7, 3).Image()
	if err != nil {
		t.Fatal(err)
	}
	// Two pixels each way for one of the page, three of those for one of the image.
	const side, row = 96 + 6, 96 + 6 + 18 // with what is between them
	want := image.Pt(2*(14+3*side-6+14), 2*(14+2*row-6+14))
	if got := picture.Bounds().Size(); got != want {
		t.Errorf("size %v, want %v", got, want)
	}
	last, x0, y0 := set.NRGBA(4), 2*(14+side), 2*(14+row) // second row, second column
	for y := range 32 {
		for x := range 32 {
			for _, corner := range []image.Point{{}, {X: 5, Y: 5}} {
				if got, want := picture.At(x0+6*x+corner.X, y0+6*y+corner.Y), last.At(x, y); !near(got, want, 1) {
					t.Fatalf("pixel (%d, %d) of the last image is %v, want %v", x, y, got, want)
				}
			}
		}
	}
	if got := picture.At(1, 1); !near(got, color.White, 0) {
		t.Errorf("the edge is %v, want white", got)
	}
}

// near tells whether two colours differ by no more than some of 255 levels.
func near(a, b color.Color, levels int) bool {
	x, y := color.NRGBAModel.Convert(a).(color.NRGBA), color.NRGBAModel.Convert(b).(color.NRGBA)
	differ := func(a, b uint8) bool { return max(a, b)-min(a, b) > uint8(levels) }
	return !differ(x.R, y.R) && !differ(x.G, y.G) && !differ(x.B, y.B) && !differ(x.A, y.A)
}

// A policy that changes nothing shows the images again.
func TestViews(t *testing.T) {
	still := augment.Policy{Size: 32, Scale: [2]float64{1, 1}, Ratio: [2]float64{1, 1},
		Mean: [3]float64{0.5, 0.4, 0.3}, Std: [3]float64{0.2, 0.3, 0.4}}
	set, kind := images(t, 2), testkit.Any(t).Kind
	views, err := Views(set, 2, still, 2, kind).Image()
	if err != nil {
		t.Fatal(err)
	}
	policies, err := Augmentations(set, 2, []string{"view 0", "view 1"}, []augment.Policy{still, still}, kind).Image()
	if err != nil {
		t.Fatal(err)
	}
	const side = 2 * (96 + 6)
	for _, picture := range []image.Image{views, policies} {
		size := picture.Bounds().Size()
		if want := 2*(14-6+14) + 3*side; size.Y != want {
			t.Errorf("height %d, want %d", size.Y, want)
		}
		for view := 1; view <= 2; view++ {
			for y := range side - 12 {
				for x := size.X - 28 - 2*side + 12; x < size.X-28; x++ {
					if got, want := picture.At(x, 28+view*side+y), picture.At(x, 28+y); !near(got, want, 1) {
						t.Fatalf("view %d, (%d, %d): %v, want %v", view, x, y, got, want)
					}
				}
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
	for i, part := range map[int]string{0: "compiling a &lt; b", 3: "epoch 1/2, 18s left", 4: `value="0.500"`, 6: `value="1.000"`} {
		if !strings.Contains(pages[i], part) {
			t.Errorf("page %d does not say %q: %s", i, part, pages[i])
		}
	}
	if last := pages[len(pages)-1]; strings.Contains(last, "NaN") || strings.Count(last, "<svg") != 1 {
		t.Errorf("want two curves without NaN: %s", last)
	}
}

// Counted work is a bar in a terminal, the library's, and one of the page in a notebook.
func TestCountingBar(t *testing.T) {
	var out bytes.Buffer
	report := countingBar(&out, progressbar.OptionShowCount())
	report("decoding", 0, 40)
	time.Sleep(110 * time.Millisecond) // a bar is drawn ten times a second at most
	report("decoding", 10, 40)
	report("copying", 0, 2)
	for _, want := range []string{"decoding   0%", "(0/40)", "decoding  25%", "(10/40)", "copying   0%", "(0/2)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the terminal does not say %q: %q", want, out.String())
		}
	}
	want := `<div>a &lt; b: 10 of 40</div><progress style="width:100%;max-width:864px" max="1" value="0.250"></progress>`
	if diff := cmp.Diff(want, pageBar("a < b: 10 of 40", 0.25)); diff != "" {
		t.Error(diff)
	}
}
