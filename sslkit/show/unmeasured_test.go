package show

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/train"
)

// unmeasured is a run without kNN accuracy.
func unmeasured() *train.Result {
	r := result()
	r.Recipe.Data, r.Recipe.Eval = "photos", eval.KNN{}
	for i := range r.Epochs {
		r.Epochs[i].KNN, r.Epochs[i].EmbeddingSpread = 0, 0.5+float64(i)/10
	}
	return r
}

// Accuracy that was not measured is no accuracy of 0.
func TestUnmeasuredText(t *testing.T) {
	want := `recipe       SimCLR on photos, 2 epochs, batch 64
loss last    4.250  (epoch 2)
time         36s, of which compiling 2.5s
speed        200 images/s
peak memory  300 MiB (process resident memory)
device       a device
`
	if diff := cmp.Diff(want, string(Table(unmeasured()))); diff != "" {
		t.Error(diff)
	}
	lines := strings.Split(string(Comparison(unmeasured(), result())), "\n")
	if !strings.Contains(lines[1], "–") || strings.Contains(lines[1], "%") || !strings.Contains(lines[2], "62.5 %") {
		t.Errorf("comparison %q", lines)
	}
	var out bytes.Buffer
	p := progress{out: &out, now: time.Now}
	for epoch := range 3 {
		r := unmeasured()
		r.Epochs = r.Epochs[:epoch+1]
		p.report(train.Event{Phase: train.EpochDone, Epoch: epoch, Epochs: 2, Result: r})
	}
	want = "epoch 0/2  untrained\nepoch 1/2  loss 4.500  100 images/s\nepoch 2/2  loss 4.250  200 images/s\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	if html := page(train.Event{Phase: train.Training, Result: unmeasured()}, 0); strings.Contains(html, "kNN") {
		t.Errorf("the live page speaks of kNN: %s", html)
	}
}

// Their curves show the spread in place of the accuracy, and alone where losses cannot be compared.
func TestUnmeasuredCurves(t *testing.T) {
	const spread, loss = ">spread of the embeddings (0: collapsed)<", ">training loss<"
	other := unmeasured()
	other.Recipe.Name = "BYOL"
	for name, test := range map[string]struct {
		results       []*train.Result
		spreads, loss int
	}{
		"one":                   {[]*train.Result{unmeasured()}, 1, 1},
		"two methods":           {[]*train.Result{unmeasured(), other}, 1, 0},
		"beside a measured one": {[]*train.Result{unmeasured(), result()}, 0, 1},
	} {
		svg, err := Curves(test.results...).svg()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(svg, spread) != test.spreads || strings.Count(svg, loss) != test.loss {
			t.Errorf("%s: %d panels of spread and %d of loss, want %d and %d", name,
				strings.Count(svg, spread), strings.Count(svg, loss), test.spreads, test.loss)
		}
		if measured := test.spreads == 0; strings.Contains(svg, "kNN") != measured || strings.Contains(svg, "untrained") != measured {
			t.Errorf("%s: wants no accuracy, or wants it", name)
		}
	}
}
