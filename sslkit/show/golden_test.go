package show

import (
	"bytes"
	"encoding/xml"
	"flag"
	"fmt"
	"image"
	"image/color/palette"
	"image/draw"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

var update = flag.Bool("update", false, "write the pictures in testdata anew")

// A sample is a picture, and words that must be in it.
type sample struct {
	picture Picture
	words   []string
}

// samples are a picture of each kind, and of what is hard to draw.
func samples(t *testing.T) map[string]sample {
	t.Helper()
	set := images(t, 60)
	ten := set.Classes
	var long []string
	for i := range 100 {
		long = append(long, fmt.Sprintf("a class with a long name, number %d", i))
	}
	points, labels := rings(400, 10)
	many, manyLabels := rings(600, 100)
	nearest := [][]embedding.Neighbour{{{Image: 7, Similarity: 0.98}, {Image: 12, Similarity: 0.871}, {Image: 3, Similarity: 0.5}}, {{Image: 30, Similarity: 0.91}, {Image: 31, Similarity: 0.9}, {Image: 32, Similarity: -0.2}}}
	runs := []*train.Result{learning("MoCo", 128, 0.7), learning("SimCLR", 128, 0.8), learning("SimCLR", 512, 0.85)}
	waves := []Series{{Name: "with stop-gradient", Y: []float64{0.9, 0.8, 0.85}}, {Name: "a < b & c", Y: []float64{0.9, 0.4, 0.1}}}
	first, names := set.First(3), []string{"0.2", "a strength with a long name, longer than there is room for"}
	return map[string]sample{
		"curves":         {Curves(runs...), []string{"kNN accuracy", "epoch", "MoCo", "SimCLR, run 2", "untrained network"}},
		"curves_running": {Curves(&train.Result{Recipe: recipe.Recipe{Name: "BYOL", Epochs: 30}}), []string{"training loss", "30"}},
		"benchmark":      {Benchmark(runs...), []string{"time (minutes)", "MoCo", "SimCLR", "batch 128", "batch 512"}},
		"lines":          {Lines("spread", "step", waves...), []string{"spread", "step", "with stop-gradient", "a < b & c", "0.2"}},
		"confusion":      {Confusion(guesses(300, ten)), []string{"accuracy 0.750, 225 of 300 images", "true class", "predicted class", ten[9]}},
		"confusion_100":  {Confusion(guesses(3000, long)), []string{"a class with a l…umber 98", "1.0"}},
		"confusion_999":  {Confusion(guesses(2000, make([]string, 999))), nil},
		"matrix_900":     {Matrix("", waveMatrix(900), 1), []string{"800"}},
		"confusion_1":    {Confusion(guesses(3, ten[:1])), []string{"fraction of the row", ten[0]}},
		"matrix":         {Matrix("step 10", waveMatrix(32), 1), []string{"step 10", "−1.0", "30"}},
		"matrix_1":       {Matrix(strings.Repeat("long ", 40), []float32{-3}, 0.5), []string{"long long"}},
		"map":            {Map(points, labels, ten), ten},
		"map_100":        {Map(many, manyLabels, long), []string{"a class with a l…mber 99"}},
		"map_one":        {Map(points[:1], nil, nil), nil},
		"thumbnails":     {Thumbnails(points[:60], set), []string{ten[set.Labels[0]]}},
		"neighbours":     {Neighbours("before training", set, []int{0, 5}, set, nearest), []string{"before training", "query", "nearest", "0.871", "−0.200"}},
		"overlays":       {Overlays([]string{"head 0", "head 1"}, first, [][][]float32{{{0, 1, 2, 4}, {3}}, {{1, 0, 0, 1}, {0}}, {{0, 0, 1, 0, 0, 0, 0, 0, 2}, {1, 1, 1, 1}}}), []string{"image", "head 1"}},
		"rows":           {Rows(names, []*dataset.Images{first, set.First(6)}), []string{"0.2", "a strength with a lo…room for"}},
		"grid":           {Grid(set, 20, 10), []string{ten[set.Labels[0]]}},
	}
}

// golden are the samples that are compared pixel by pixel.
var golden = []string{"curves", "benchmark", "lines", "confusion", "matrix", "map", "thumbnails", "neighbours", "rows", "overlays", "grid"}

// TestGolden compares pictures with those in testdata, which -update writes.
func TestGolden(t *testing.T) {
	all := samples(t)
	for _, name := range golden {
		p := all[name].picture
		p.coarse = true
		picture := must(p.Image())
		path := filepath.Join("testdata", name+".png")
		if *update {
			few := image.NewPaletted(picture.Bounds(), palette.Plan9) // keeps the files small
			draw.Draw(few, few.Rect, picture, image.Point{}, draw.Src)
			var file bytes.Buffer
			if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&file, few); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if limit := 30 << 10; len(file) > limit {
			t.Errorf("%s has %d bytes, want at most %d", path, len(file), limit)
		}
		want, err := png.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if n := different(picture, want); n > 30 {
			got := filepath.Join(os.TempDir(), "show_"+name+".png")
			t.Errorf("%s: %d pixels differ from testdata, want at most 30; see %s (%v)", name, n, got, p.Save(got))
		}
	}
}

// different counts the pixels in which two pictures differ by more than a shade.
func different(a, b image.Image) (n int) {
	if a.Bounds() != b.Bounds() {
		return math.MaxInt
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			if !near(a.At(x, y), b.At(x, y), 60) {
				n++
			}
		}
	}
	return n
}

// Nothing is cut off: the outermost pixels of every picture are white.
func TestEdges(t *testing.T) {
	for name, s := range samples(t) {
		s.picture.coarse = true
		picture := must(s.picture.Image())
		size := picture.Bounds().Size()
		const margin = 4
		inner := image.Rect(margin, margin, size.X-margin, size.Y-margin)
		for y := range size.Y {
			for x := range size.X {
				if r, g, b, _ := picture.At(x, y).RGBA(); !image.Pt(x, y).In(inner) && r&g&b != 0xffff {
					t.Fatalf("%s, %v pixels: something is at (%d, %d), less than %d from the edge", name, size, x, y, margin)
				}
			}
		}
	}
}

// SVG is well-formed, has the words, is opaque, and asks nothing of a network.
func TestSVG(t *testing.T) {
	for name, s := range samples(t) {
		svg := must(s.picture.svg())
		var text, elements strings.Builder
		for decoder := xml.NewDecoder(strings.NewReader(svg)); ; {
			token, err := decoder.Token()
			if err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			switch token := token.(type) {
			case xml.CharData:
				text.Write(token)
			case xml.StartElement:
				fmt.Fprintf(&elements, "%s ", token.Name.Local)
				for _, a := range token.Attr {
					if a.Name.Local == "href" && !strings.HasPrefix(a.Value, "data:image/png;base64,") ||
						a.Name.Local != "href" && (strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf")) {
						t.Errorf("%s: %s has %s %.40q", name, token.Name.Local, a.Name.Local, a.Value)
					}
				}
			}
		}
		for _, want := range s.words {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%s: no %q among its words %.400q", name, want, strings.Fields(text.String()))
			}
		}
		if !strings.HasPrefix(elements.String(), "svg g path ") || !strings.Contains(svg, "fill:#FFFFFF") {
			t.Errorf("%s: begins with %.40s, want a white background", name, elements.String())
		}
		for _, not := range []string{"NaN", "Inf", "00000", "99999"} {
			if strings.Contains(text.String(), not) {
				t.Errorf("%s: says %q", name, not)
			}
		}
	}
}
