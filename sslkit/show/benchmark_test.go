package show

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gonum.org/v1/plot/plotter"

	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// learning is a run whose accuracy goes from 0.3 towards best.
func learning(name string, batch int, best float64) *train.Result {
	r := &train.Result{Recipe: recipe.Recipe{Name: name, Batch: batch, Epochs: 50, Eval: eval.KNN{K: 1, Temperature: 1}}, CompileSeconds: 30}
	for e := range 51 {
		r.Epochs = append(r.Epochs, train.Epoch{
			Epoch: e, KNN: best - (best-0.3)*math.Exp(-float64(e)/10), Loss: 4 + math.Exp(-float64(e)*best*best/10),
			TrainSeconds: 4 + float64(batch)/100, KNNSeconds: 1,
		})
	}
	return r
}

// Every run is seen in each of the three panels, in its method's colour.
func TestBenchmark(t *testing.T) {
	results := []*train.Result{
		learning("MoCo", 128, 0.7), learning("MoCo", 512, 0.75), learning("SimCLR", 128, 0.8), learning("SimCLR", 512, 0.85),
	}
	picture, err := Benchmark(results...).Image()
	if err != nil {
		t.Fatal(err)
	}
	bounds := picture.Bounds()
	for i, want := range colours[:2] {
		for panel := range 3 {
			third := image.Rect(panel*bounds.Dx()/3, 0, (panel+1)*bounds.Dx()/3, bounds.Dy())
			if n := count(picture, third, want); n < 200 {
				t.Errorf("panel %d has %d pixels of method %d's colour, want two curves of them", panel, n, i)
			}
		}
	}
	if n := count(picture, bounds, colours[2]); n > 0 {
		t.Errorf("%d pixels have the colour of a third method", n)
	}
}

// count counts the pixels of a colour in a part of a picture.
func count(picture image.Image, part image.Rectangle, want color.Color) int {
	n := 0
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			if color.NRGBAModel.Convert(picture.At(x, y)) == color.NRGBAModel.Convert(want) {
				n++
			}
		}
	}
	return n
}

func TestOverTime(t *testing.T) {
	r := learning("MoCo", 100, 0.7)
	xys := overTime(r)
	if len(xys) != 51 || math.Abs(xys[0].X-36./60) > 1e-12 || math.Abs(xys[50].X-(30+51*6)/60.) > 1e-12 {
		t.Errorf("%d points, from minute %g to %g, want 51 from 0.6 to 5.6", len(xys), xys[0].X, xys[50].X)
	}
}

func TestSpanned(t *testing.T) {
	got := spanned(plotter.XYs{{X: 1, Y: 5}, {X: 2, Y: 3}, {X: 3, Y: 1}})
	if diff := cmp.Diff(plotter.XYs{{X: 1, Y: 1}, {X: 2, Y: 0.5}, {X: 3, Y: 0}}, got); diff != "" {
		t.Error(diff)
	}
	if got := spanned(plotter.XYs{{X: 1, Y: 5}}); got[0].Y != 0 {
		t.Errorf("a single loss becomes %g", got[0].Y)
	}
}
