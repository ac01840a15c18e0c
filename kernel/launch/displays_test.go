package launch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDisplaysArrive has GoNB be slow: without a sign from it, the cell's end would come first.
func TestDisplaysArrive(t *testing.T) {
	const displays = 200
	r := newGoNB(t).start(&run{displayLag: 2 * time.Millisecond}, "displays", fmt.Sprint(displays))
	end := r.end()
	if len(r.outputs) != displays || end.Code != 0 {
		t.Fatalf("%d displays, code %d, want %d and 0; stderr %q", len(r.outputs), end.Code, displays, r.stderr.String())
	}
	for i, display := range r.outputs {
		if display != fmt.Sprint("display ", i) {
			t.Fatalf("display %d is %q", i, display)
		}
	}
}

// TestOutputsKeepOrder has GoNB take long for a display, so that a line printed after it could overtake it.
func TestOutputsKeepOrder(t *testing.T) {
	const rounds = 10
	r := newGoNB(t).start(&run{displayLag: 20 * time.Millisecond}, "mixed", fmt.Sprint(rounds))
	for i := range rounds {
		want := []string{fmt.Sprint("line ", i), fmt.Sprint("display ", i)}
		if i%2 == 1 {
			slices.Reverse(want)
		}
		if got := []string{r.next(), r.next()}; !slices.Equal(got, want) {
			t.Errorf("outputs %q, want %q", got, want)
		}
		fmt.Fprintln(r.stdin)
	}
	r.end()
}

// TestFastOutputsArrive has more come than the relay can keep in order in time.
func TestFastOutputsArrive(t *testing.T) {
	const rounds = 5000
	r := newGoNB(t).start(&run{}, "fast", fmt.Sprint(rounds))
	r.end()
	for _, kind := range []string{"line", "display"} {
		next := 0
		for _, output := range r.outputs {
			if output == fmt.Sprint(kind, " ", next) {
				next++
			}
		}
		if next != rounds {
			t.Errorf("%d of %d outputs %s came in order", next, rounds, kind)
		}
	}
}

func TestPictureIsWhole(t *testing.T) {
	r := newGoNB(t).start(&run{}, "picture", fmt.Sprint(8<<20))
	r.end()
	if diff := cmp.Diff([]string{fmt.Sprint("picture ", 8<<20), "printed"}, r.outputs); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

func TestPipesBothWays(t *testing.T) {
	tests := []struct{ what, want string }{
		{"sync", "synced <nil>"},
		{"comms", "read 42"},
		{"input", "input answer-to-word? <nil>"},
	}
	for _, test := range tests {
		t.Run(test.what, func(t *testing.T) {
			r := newGoNB(t).start(&run{}, test.what, "100")
			r.end()
			if last := r.outputs[len(r.outputs)-1]; last != test.want {
				t.Errorf("the cell said %q, want %q", last, test.want)
			}
		})
	}
}

func TestGarbageOnPipe(t *testing.T) {
	r := newGoNB(t).start(&run{}, "garbage")
	if end := r.end(); end.Code != 0 || end.Seconds > 5 {
		t.Errorf("told %+v, want that the cell ended well and soon", end)
	}
	if diff := cmp.Diff([]string{"printed"}, r.outputs); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
	if !strings.Contains(r.stderr.String(), "something else than displays") {
		t.Errorf("stderr %q, want what is wrong", r.stderr.String())
	}
}

func TestWithoutPipes(t *testing.T) {
	t.Setenv("GONB_PIPE", "")
	if d, err := newDisplays(nil); d != nil || err != nil {
		t.Errorf("displays %v, %v, want none", d, err)
	}
}
