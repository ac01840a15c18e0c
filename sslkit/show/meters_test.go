package show

import (
	"bytes"
	"image/color"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/gossl/gossl/sslkit/train"
)

// metered is a run of a method with meters of its own.
func metered() *train.Result {
	r := result()
	for i := range r.Epochs {
		if r.Epochs[i].Epoch > 0 {
			r.Epochs[i].Meters = map[string]float64{"temperature": 0.04, "entropy": 5.5 - float64(i)/8, "centre": float64(i)}
		}
	}
	return r
}

// A method's own meters are printed with each epoch, by name.
func TestMetersText(t *testing.T) {
	var out bytes.Buffer
	p := progress{out: &out, now: time.Now}
	r := metered()
	p.report(train.Event{Phase: train.EpochDone, Epoch: 2, Epochs: 2, Result: r})
	if want := "centre 2  entropy 5.25  temperature 0.04  200 images/s"; !strings.Contains(out.String(), want) {
		t.Errorf("the epoch's line is %q, want %q in it", out.String(), want)
	}
	table := strings.Join(strings.Fields(string(Table(r))), " ")
	if want := "centre last 2 (epoch 2) entropy last 5.25 (epoch 2) temperature last 0.04 (epoch 2) time"; !strings.Contains(table, want) {
		t.Errorf("the table is\n%s\nwant %q in it", Table(r), want)
	}
}

// What a method computes on the host is in the time of its epochs, and is told.
func TestPauses(t *testing.T) {
	r := result()
	if text := string(Table(r)); strings.Contains(text, "paused") {
		t.Errorf("a run without pauses has the table\n%s", text)
	}
	r.Epochs[1].PauseSeconds, r.Epochs[2].PauseSeconds = 1.24, 12
	var out bytes.Buffer
	p := progress{out: &out, now: time.Now}
	p.report(train.Event{Phase: train.EpochDone, Epoch: 2, Epochs: 2, Result: r})
	if want := "200 images/s  paused 12s\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("the epoch's line is %q, want %q at its end", out.String(), want)
	}
	if table := strings.Join(strings.Fields(string(Table(r))), " "); !strings.Contains(table, "paused 13s of it, for the method on the host speed") {
		t.Errorf("the table is\n%s", Table(r))
	}
}

// Each of them is a panel below accuracy and loss, two in a row; runs without
// them share the others.
func TestMetersCurves(t *testing.T) {
	unmetered := metered()
	for i := range unmetered.Epochs {
		unmetered.Epochs[i].Meters = nil
	}
	with := Curves(result(), metered())
	if rows := (with.height - Curves(result(), unmetered).height) / curvesRow; math.Abs(float64(rows)-2) > 1e-9 {
		t.Errorf("three meters take %g rows, want 2", rows)
	}
	svg, err := with.svg()
	if err != nil {
		t.Fatal(err)
	}
	for _, title := range []string{"kNN accuracy", "training loss", "centre", "entropy", "temperature"} {
		if n := strings.Count(svg, ">"+title+"<"); n != 1 {
			t.Errorf("%d panels of %s, want 1", n, title)
		}
	}

	picture := must(with.Image()) // the last meter has half a row, the other half is empty
	scale := float64(picture.Bounds().Dx()) / float64(with.width)
	for y := int(scale * float64(edge+2*curvesRow)); y < int(scale*float64(edge+3*curvesRow-30*px)); y++ {
		for x := picture.Bounds().Dx() * 11 / 20; x < picture.Bounds().Dx(); x++ {
			if !near(picture.At(x, y), color.White, 1) {
				t.Fatalf("beside the last meter there is %v at %d, %d", picture.At(x, y), x, y)
			}
		}
	}
}
