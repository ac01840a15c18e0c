package show

import (
	"image"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
)

// Input that makes no picture gives an error that says what was wanted.
func TestBadInput(t *testing.T) {
	set, none := images(t, 3), new(dataset.Images)
	nan, inf := math.NaN(), math.Inf(1)
	two := []string{"cat", "dog"}
	for _, c := range []struct {
		picture Picture
		want    string
	}{
		{Curves(), "Curves: no results, want at least 1"},
		{Curves(result(), nil), "Curves: result 1 of 2 is nil"},
		{Benchmark(), "Benchmark: no results, want at least 1"},
		{Benchmark(nil), "Benchmark: result 0 of 1 is nil"},
		{Lines("loss", "step"), "no series, want at least 1"},
		{Lines("loss", "step", Series{Name: "a"}), `series 0 "a": no values, want at least 1`},
		{Lines("loss", "step", Series{Y: []float64{1, 2}, X: []float64{1}}), "1 values of X for 2 of Y, want as many"},
		{Lines("loss", "step", Series{Y: []float64{1, nan}}), "value 1 is (1, NaN), want finite numbers"},
		{Lines("loss", "step", Series{Y: []float64{1}, X: []float64{inf}}), "value 0 is (+Inf, 1), want finite numbers"},
		{Confusion(nil, nil, two), "no images, want at least 1"},
		{Confusion([]int32{0, 1}, []int32{0}, two), "2 true and 1 predicted classes, want as many"},
		{Confusion([]int32{0, 1}, []int32{0, 2}, two), "image 1 has the true class 1 and the predicted class 2, want two of 2"},
		{Confusion([]int32{-1}, []int32{0}, two), "true class -1"},
		{Confusion([]int32{0}, []int32{0}, nil), "want two of 0"},
		{Matrix("", nil, 1), "0 values, want those of a square matrix"},
		{Matrix("", make([]float32, 6), 1), "6 values, want those of a square matrix"},
		{Matrix("", []float32{0, 0, float32(nan), 0}, 1), "row 1, column 0 is not a number"},
		{Matrix("", []float32{0}, 0), "limit 0, want a positive number"},
		{Matrix("", []float32{0}, nan), "limit NaN"},
		{Matrix("", []float32{0}, 1), ""},
		{Picture{}, "an empty picture"},
		{Map(nil, nil, nil), "no points, want at least 1"},
		{Map([][]float64{{1, 2, 3}}, nil, nil), "point 0 has 3 coordinates, want 2"},
		{Map([][]float64{{1, nan}}, nil, nil), "point 0 is (1, NaN), want finite numbers"},
		{Map([][]float64{{1, 2}}, []int32{0, 1}, two), "2 labels for 1 points, want as many"},
		{Map([][]float64{{1, 2}}, []int32{2}, two), "point 0 has the label 2, want one of 2 classes"},
		{Thumbnails([][]float64{{1, 2}}, set), "1 points for 3 images, want as many"},
		{Thumbnails(nil, none), "no images, want at least 1"},
		{Thumbnails(nil, nil), "no images, want at least 1"},
		{Grid(none, 3, 3), "0 images in 3 columns, want at least 1"},
		{Grid(nil, 3, 3), "0 images in 3 columns, want at least 1"},
		{Grid(set, 3, 0), "3 images in 0 columns, want at least 1"},
		{Rows(nil, nil), "no rows, want at least 1"},
		{Rows([]string{"a"}, []*dataset.Images{set, set}), "1 labels for 2 rows, want as many"},
		{Rows([]string{"a"}, []*dataset.Images{none}), `row 0 "a" has no images, want at least 1`},
		{Rows([]string{"a"}, []*dataset.Images{nil}), `row 0 "a" has no images`},
		{Neighbours("", set, nil, set, nil), "no queries, want at least 1"},
		{Neighbours("", nil, []int{0}, set, make([][]embedding.Neighbour, 1)), "query 0 is image 0, want one of 0"},
		{Neighbours("", set, []int{0}, set, nil), "neighbours of 0 queries, want those of 1"},
		{Neighbours("", set, []int{3}, set, make([][]embedding.Neighbour, 1)), "query 0 is image 3, want one of 3"},
		{Neighbours("", set, []int{0}, set, make([][]embedding.Neighbour, 1)), "no neighbours, want at least 1"},
		{Neighbours("", set, []int{0}, set, [][]embedding.Neighbour{{{Image: 9, Similarity: 1}}}), "neighbour 0 of query 0 is image 9, want one of 3"},
		{Neighbours("", set, []int{0}, set, [][]embedding.Neighbour{{{Image: 1, Similarity: float32(nan)}}}), "has the similarity NaN, want a number"},
		{Views(nil, 1, augment.Policy{}, 1, device.Go), "1 views of 0 images, want at least 1"},
		{Views(set, 1, augment.Policy{}, 1, device.Go), "Views: augment: policy: size is 0"},
		{Augmentations(set, 1, nil, nil, device.Go), "0 policies for 1 images, want at least 1"},
		{Augmentations(set, 1, nil, make([]augment.Policy, 1), device.Go), "0 labels for 1 policies, want as many"},
		{Augmentations(set, 1, two[:1], make([]augment.Policy, 1), device.Go), "augment: policy: size is 0"},
	} {
		checkPicture(t, c.picture, c.want)
	}
}

// checkPicture calls all methods of a picture, which have one error that says what
// is wanted; "": none.
func checkPicture(t *testing.T, p Picture, want string) {
	t.Helper()
	_, noImage := p.Image()
	path := filepath.Join(t.TempDir(), "picture.svg")
	for call, err := range map[string]error{"Show": p.Show(), "Image": noImage, "Save": p.Save(path), "Live": Live()(p)} {
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: error %v, want none", call, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: error %v, want %q in it", call, err, want)
		}
	}
	if _, err := os.Stat(path); (err == nil) != (want == "") {
		t.Errorf("a file of %q: %v", want, err)
	}

}

// Images without names of classes, or of labels that have none, are shown without words.
func TestImagesWithoutClasses(t *testing.T) {
	set := images(t, 3)
	set.Labels[1] = 99
	if name := className(set, 1); name != "" {
		t.Errorf("class 99 of %d has the name %q", len(set.Classes), name)
	}
	if svg := must(Grid(set, 3, 3).svg()); strings.Count(svg, "<text") != 2 {
		t.Errorf("%d names below images, want those of two", strings.Count(svg, "<text"))
	}
	set.Classes = nil
	if svg := must(Grid(set, 3, 3).svg()); strings.Contains(svg, "<text") {
		t.Error("names below images without classes")
	}
	if _, err := Map([][]float64{{1, 2}}, []int32{7}, nil).Image(); err != nil {
		t.Errorf("map without classes: %v", err)
	}
	if _, err := Thumbnails([][]float64{{0, 0}, {1, 1}, {0, 0}}, set).Image(); err != nil {
		t.Errorf("thumbnails without classes: %v", err)
	}
}

// Notebooks get SVG, and a PNG that is as wide on the page.
func TestDisplay(t *testing.T) {
	f := Lines("loss", "step", Series{Y: []float64{1, 2}})
	data, err := f.display()
	if err != nil {
		t.Fatal(err)
	}
	if svg, ok := data.Data["image/svg+xml"].(string); !ok || !strings.HasPrefix(svg, "<svg ") {
		t.Errorf("no SVG: %.20q", svg)
	}
	width := must(f.Image()).Bounds().Dx()
	if size := data.Metadata["image/png"].(map[string]int); 2*size["width"] != width || len(data.Data["image/png"].([]byte)) == 0 {
		t.Errorf("a PNG of %d pixels is %v on the page, want half of them", width, size)
	}
}

// Many points are pixels in SVG, too, and cover the same places as single ones.
func TestManyPoints(t *testing.T) {
	points, labels := rings(manyPoints+10, 3)
	several := Map(points[:manyPoints], labels[:manyPoints], nil)
	many := Map(points, labels, nil)
	if svg := must(several.svg()); strings.Contains(svg, "<image") {
		t.Error("not so many points are an image")
	}
	if svg := must(many.svg()); strings.Count(svg, "<image") != 1 || len(svg) > 1<<20 {
		t.Errorf("many points are %d images and %d bytes", strings.Count(svg, "<image"), len(svg))
	}
	a, b := must(several.Image()), must(many.Image())
	for i, c := range colours[:3] {
		n, m := count(a, a.Bounds(), c), count(b, b.Bounds(), c)
		if n < 5000 || math.Abs(float64(n-m)) > 0.05*float64(n) {
			t.Errorf("class %d covers %d pixels drawn one by one, %d as pixels", i, n, m)
		}
	}
}

// A picture stays what it was, whatever becomes of what it was made of.
func TestPicturesAreValues(t *testing.T) {
	run, set, values := result(), images(t, 3), []float32{1, 0, 0, 1}
	points, labels := [][]float64{{0, 0}, {1, 1}, {2, 0}}, []int32{0, 1, 2}
	y, names, kinds := []float64{1, 2, 3}, []string{"a", "b", "c"}, slices.Clone(set.Classes)
	pictures := map[string]Picture{
		"Curves": Curves(run), "Benchmark": Benchmark(run), "Matrix": Matrix("", values, 1), "Map": Map(points, labels, kinds),
		"Thumbnails": Thumbnails(points, set), "Lines": Lines("y", "x", Series{Y: y}), "Confusion": Confusion(labels, labels, names),
		"Rows": Rows(names[:1], []*dataset.Images{set}), "Grid": Grid(set, 3, 3),
	}
	before := map[string]image.Image{}
	for name, p := range pictures {
		before[name] = must(p.Image())
	}
	run.Epochs[2].KNN, run.Epochs[2].Loss, values[1], y[1], points[1][0] = 0.9, 9, -1, 7, 5
	labels[0], labels[1], set.Labels[0], names[0], kinds[0] = 2, 0, set.Labels[1], "other", "other"
	for i := range set.Pixels {
		set.Pixels[i] ^= 255
	}
	for name, p := range pictures {
		if n := different(before[name], must(p.Image())); n > 0 {
			t.Errorf("%s: %d pixels changed with what the picture was made of", name, n)
		}
	}
}
