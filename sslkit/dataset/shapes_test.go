package dataset

import (
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/shapes.png")

func drawShapes(t testing.TB, seed uint64, train, test int) *Set {
	t.Helper()
	set, err := DrawShapes(seed, train, test)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestShapesGolden compares the first images with testdata/shapes.png, so that
// nobody changes the data set unawares. A processor or compiler that fuses
// multiplication and addition may round to the neighbouring value.
func TestShapesGolden(t *testing.T) {
	const columns, rows = 10, 4 // two rows of training images and two of test images
	set := drawShapes(t, ShapesSeed, columns*rows/2, columns*rows/2)
	sheet := image.NewNRGBA(image.Rect(0, 0, columns*shapeSize, rows*shapeSize))
	for i := range columns * rows / 2 {
		cell := image.Rect(0, 0, shapeSize, shapeSize).Add(image.Pt(i%columns*shapeSize, i/columns*shapeSize))
		draw.Draw(sheet, cell, set.Train.NRGBA(i), image.Point{}, draw.Src)
		cell = cell.Add(image.Pt(0, rows/2*shapeSize))
		draw.Draw(sheet, cell, set.Test.NRGBA(i), image.Point{}, draw.Src)
	}
	path := filepath.Join("testdata", "shapes.png")
	if *update {
		writePNG(t, path, sheet)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	want, err := png.Decode(file)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if want.Bounds() != sheet.Bounds() {
		t.Fatalf("%s has bounds %v, want %v", path, want.Bounds(), sheet.Bounds())
	}
	for y := range sheet.Rect.Dy() {
		for x := range sheet.Rect.Dx() {
			got, want := sheet.NRGBAAt(x, y), color.NRGBAModel.Convert(want.At(x, y)).(color.NRGBA)
			if !near(got.R, want.R) || !near(got.G, want.G) || !near(got.B, want.B) {
				t.Fatalf("at %d, %d: got %v, want %v; if the data set should change, run go test -update", x, y, got, want)
			}
		}
	}
}

func near(a, b uint8) bool { return max(a, b)-min(a, b) <= 1 }

func writePNG(t *testing.T, path string, picture image.Image) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(file, picture); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestShapesDependOnIndexAlone(t *testing.T) {
	many := drawShapes(t, 7, 500, 300)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	few := drawShapes(t, 7, 130, 65)
	for _, split := range []struct {
		name      string
		few, many *Images
	}{{"train", few.Train, many.Train}, {"test", few.Test, many.Test}} {
		if !slices.Equal(split.few.Pixels, split.many.Pixels[:len(split.few.Pixels)]) {
			t.Errorf("%s: the first images are others when more are drawn", split.name)
		}
		if !slices.Equal(split.few.Labels, split.many.Labels[:split.few.Len()]) {
			t.Errorf("%s: the first labels are others when more are drawn", split.name)
		}
	}
}

func TestShapesAllDiffer(t *testing.T) {
	seen := map[string]bool{}
	for _, seed := range []uint64{0, 1, 2} {
		set := drawShapes(t, seed, 200, 200)
		for _, images := range []*Images{set.Train, set.Test} {
			for i := range images.Len() {
				seen[string(images.At(i))] = true
			}
		}
	}
	if len(seen) != 3*400 {
		t.Errorf("%d different images of %d", len(seen), 3*400)
	}
}

func TestShapesAreBalanced(t *testing.T) {
	images := drawShapes(t, 3, 100, 0).Train
	if len(images.Classes) != 10 || images.Height != 32 || images.Width != 32 {
		t.Fatalf("%d classes of %d×%d, want 10 of 32×32", len(images.Classes), images.Height, images.Width)
	}
	counts := make([]int, 10)
	for _, label := range images.Labels {
		counts[label]++
	}
	for class, count := range counts {
		if count != 10 {
			t.Errorf("%d of 100 images are of class %s, want 10", count, images.Classes[class])
		}
	}
}

// A form must be visible in the grayscale image too: SimCLR's augmentation
// takes the colour from one view in five.
func TestShapesKeepContrastInGray(t *testing.T) {
	images := drawShapes(t, 4, 500, 0).Train
	for i := range images.Len() {
		low, high := 255.0, 0.0
		for pixel := range slices.Chunk(images.At(i), 3) {
			gray := 0.299*float64(pixel[0]) + 0.587*float64(pixel[1]) + 0.114*float64(pixel[2])
			low, high = min(low, gray), max(high, gray)
		}
		if high-low < 60 {
			t.Errorf("image %d: gray from %.0f to %.0f, want a range of 60 at least", i, low, high)
		}
	}
}

// TestShapesPixelsDoNotTell asks each test image's nearest neighbour in raw
// pixels for the class: were that good, there would be nothing to learn.
func TestShapesPixelsDoNotTell(t *testing.T) {
	set := drawShapes(t, ShapesSeed, 1000, 200)
	right := 0
	for i := range set.Test.Len() {
		best, nearest := 1<<62, 0
		for j := range set.Train.Len() {
			distance := 0
			other := set.Train.At(j)
			for k, value := range set.Test.At(i) {
				difference := int(value) - int(other[k])
				distance += difference * difference
			}
			if distance < best {
				best, nearest = distance, j
			}
		}
		if set.Train.Labels[nearest] == set.Test.Labels[i] {
			right++
		}
	}
	accuracy := float64(right) / float64(set.Test.Len())
	t.Logf("nearest neighbour in pixels: accuracy %.3f", accuracy)
	if accuracy > 0.35 {
		t.Errorf("nearest neighbour in pixels: accuracy %.3f, want 0.35 at most", accuracy)
	}
}

func BenchmarkDrawShapes(b *testing.B) {
	const n = 2000
	for b.Loop() {
		drawShapes(b, ShapesSeed, n, 0)
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "images/s")
}

// TestFormsAreDistances checks what drawing relies on: no form reaches beyond
// formReach, and from place to place none changes faster than the distance.
func TestFormsAreDistances(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, f := range forms {
		inside := 0
		for range 20_000 {
			x, y := between(random, -2, 2), between(random, -2, 2)
			here := f.form(x, y)
			if here < 0 {
				inside++
				if math.Hypot(x, y) > formReach {
					t.Fatalf("%s: (%.3f, %.3f) is inside, and beyond %g", f.name, x, y, formReach)
				}
			}
			dx, dy := between(random, -0.1, 0.1), between(random, -0.1, 0.1)
			if change := math.Abs(f.form(x+dx, y+dy) - here); change > math.Hypot(dx, dy)+1e-9 {
				t.Fatalf("%s: from (%.3f, %.3f) the distance changes by %.4f over %.4f", f.name, x, y, change, math.Hypot(dx, dy))
			}
		}
		if area := float64(inside) / 20_000 * 16; area < 0.7 || area > 2.6 {
			t.Errorf("%s: area %.2f, want 0.7 to 2.6", f.name, area)
		}
	}
}

// TestFormsDiffer lays each form over each other one of the same area, turned
// and mirrored as well as can be: they must not agree.
func TestFormsDiffer(t *testing.T) {
	const most = 0.93 // of their union; a disc and a square come to 0.84
	for i, f := range forms {
		for _, g := range forms[i+1:] {
			agreement := 0.0
			for degrees := 0; degrees < 360; degrees += 10 {
				for _, mirror := range []float64{1, -1} {
					agreement = max(agreement, overlap(f.form, g.form, float64(degrees)*math.Pi/180, mirror))
				}
			}
			if agreement > most {
				t.Errorf("%s and %s agree on %.2f of their union, want %.2f at most", f.name, g.name, agreement, most)
			}
		}
	}
}

// overlap returns the intersection of two forms over their union, the second
// one turned, mirrored and brought to the area of the first.
func overlap(f, g form, angle, mirror float64) float64 {
	scale := math.Sqrt(area(g) / area(f))
	sin, cos := math.Sincos(angle)
	both, either := 0, 0
	raster(func(x, y float64) {
		inF := f(x, y) < 0
		inG := g(scale*mirror*(cos*x+sin*y), scale*(cos*y-sin*x)) < 0
		if inF && inG {
			both++
		}
		if inF || inG {
			either++
		}
	})
	return float64(both) / float64(either)
}

func area(f form) float64 {
	inside := 0.0
	raster(func(x, y float64) {
		if f(x, y) < 0 {
			inside++
		}
	})
	return inside
}

// raster visits the points of a grid over the square from -2 to 2.
func raster(visit func(x, y float64)) {
	const step = 4.0 / 64
	for y := -2 + step/2; y < 2; y += step {
		for x := -2 + step/2; x < 2; x += step {
			visit(x, y)
		}
	}
}

func TestByteSum(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, x := range []uint64{0, 1, 1 << 63, math.MaxUint64, random.Uint64(), random.Uint64()} {
		want := 0.0
		for shift := 0; shift < 64; shift += 8 {
			want += float64(x >> shift & 255)
		}
		if got := byteSum(x); got != want {
			t.Errorf("byteSum(%#x) = %g, want %g", x, got, want)
		}
	}
}

func TestTintKeepsBrightness(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		c := tint(0.4, 0.3, random)
		if gray := 0.299*c[0] + 0.587*c[1] + 0.114*c[2]; math.Abs(gray-0.4) > 1e-12 {
			t.Fatalf("%v has brightness %g, want 0.4", c, gray)
		}
		if chroma := math.Hypot(c[0]-0.4, c[2]-0.4); chroma > 0.3+1e-12 {
			t.Fatalf("%v has chroma %g, want 0.3 at most", c, chroma)
		}
	}
}
