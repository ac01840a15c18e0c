package show

import (
	"image"
	"image/color"
	"testing"

	"gonum.org/v1/plot/vg"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// photographs are a wide image, red on the left, and one that is larger than the cells.
func photographs() *dataset.Images {
	m := &dataset.Images{Labels: []int32{0, 0}, Classes: []string{"photograph"}, Side: 300,
		Frames: []dataset.Frame{{Height: 20, Width: 120}, {Row: 120, Height: 400, Width: 300}}}
	m.Pixels = make([]uint8, 520*300*3)
	for x := range 60 { // a wide image lies transposed
		for y := range 20 {
			m.Pixels[3*(x*300+y)] = 255
		}
	}
	return m
}

// Images of several sizes keep their shapes, and none covers another.
func TestImagesOfSeveralSizes(t *testing.T) {
	red, black, white := color.NRGBA{R: 255, A: 255}, color.NRGBA{A: 255}, color.NRGBA{R: 255, G: 255, B: 255, A: 255}
	check := func(picture image.Image, points map[image.Point]color.NRGBA) {
		t.Helper()
		for p, want := range points {
			if got := picture.At(p.X, p.Y); !near(got, want, 2) {
				t.Errorf("the picture is %v at %v, want %v", got, p, want)
			}
		}
	}
	picture, err := Grid(photographs(), 2, 2).Image()
	if err != nil {
		t.Fatal(err)
	}
	// Photographs have one pixel for each of the page's. 120 × 20 stays, 300 × 400 becomes 96 × 128.
	const first, second, top = 14, 14 + 120 + 6, 14
	if got, want := picture.Bounds().Size(), image.Pt(second+120+14, top+128+18+14); got != want {
		t.Errorf("size %v, want %v", got, want)
	}
	check(picture, map[image.Point]color.NRGBA{
		{X: first + 57, Y: top + 17}: red, {X: first + 63, Y: top + 17}: black, {X: first + 117, Y: top + 17}: black,
		{X: first + 121, Y: top + 10}: white, {X: first + 5, Y: top + 22}: white,
		{X: second + 2, Y: top + 2}: black, {X: second + 93, Y: top + 125}: black, {X: second + 98, Y: top + 60}: white,
	})

	still := augment.Policy{Size: 120, Scale: [2]float64{1, 1}, Ratio: [2]float64{6, 6}, Std: [3]float64{1, 1, 1}}
	if picture, err = Views(photographs(), 1, still, 1, testkit.Any(t).Kind).Image(); err != nil {
		t.Fatal(err)
	}
	s := originals(photographs().First(1))
	s.labels = append(s.labels, "view 0")
	left, view := int(s.layout().left/px), top+120+6
	check(picture, map[image.Point]color.NRGBA{{X: left + 57, Y: top + 10}: red, {X: left + 63, Y: top + 10}: black,
		{X: left + 50, Y: view + 60}: red, {X: left + 70, Y: view + 60}: black})
}

func TestScale(t *testing.T) {
	for _, c := range []struct {
		size image.Point
		room vg.Length
		want image.Point
	}{
		{image.Pt(32, 32), 800 * px, image.Pt(96, 96)},
		{image.Pt(28, 28), 800 * px, image.Pt(84, 84)},
		{image.Pt(28, 28), 75 * px, image.Pt(70, 70)}, // by halves
		{image.Pt(32, 32), 20 * px, image.Pt(32, 32)}, // never smaller than it is
		{image.Pt(96, 64), 800 * px, image.Pt(96, 64)},
		{image.Pt(224, 224), 800 * px, image.Pt(128, 128)},
		{image.Pt(224, 112), 100 * px, image.Pt(100, 50)},
		{image.Pt(224, 224), 10 * px, image.Pt(48, 48)},
	} {
		var g layout
		g.scale(c.size, c.room)
		if got := g.shown(c.size); got != c.want {
			t.Errorf("%v with room for %.0f pixels is shown as %v, want %v", c.size, c.room/px, got, c.want)
		}
	}
}

// Neighbours of another class have a frame and a cross, others have neither.
func TestNeighboursMarks(t *testing.T) {
	set := images(t, 6)
	set.Classes, set.Labels = []string{"ring", "star"}, []int32{0, 0, 1, 0, 1, 1}
	s, err := neighbours("after", set, []int{0}, set, [][]embedding.Neighbour{{{Image: 3, Similarity: 0.9}, {Image: 4, Similarity: 0.5}}})
	if err != nil {
		t.Fatal(err)
	}
	if row := s.rows[0]; row[0].wrong || row[1].wrong || !row[2].wrong {
		t.Errorf("marks are %t, %t, %t, want one on the last", row[0].wrong, row[1].wrong, row[2].wrong)
	}
	if want := "1 of 2 neighbours are of the query's class; × marks the others"; s.note != want {
		t.Errorf("note %q, want %q", s.note, want)
	}
	picture, err := s.picture("").Image()
	if err != nil {
		t.Fatal(err)
	}
	g := s.layout()
	for i, want := range []bool{false, false, true} {
		x, y := 2*int(g.x(i)/px)+2, 2*int(g.top/px)+100
		if got := near(picture.At(x, y), wrong, 2); got != want {
			t.Errorf("image %d has a frame: %t, want %t", i, got, want)
		}
	}
	set.Classes = nil
	if s, err = neighbours("", set, []int{0}, set, [][]embedding.Neighbour{{{Image: 4, Similarity: 0.5}}}); err != nil || s.rows[0][1].wrong || s.note != "" {
		t.Errorf("without names of classes: mark %t, note %q, error %v", s.rows[0][1].wrong, s.note, err)
	}
}
