package launch

import (
	"os"
	"testing"
	"time"
)

func misorder(o []string) (n int) {
	for i := 0; i+1 < len(o); i += 2 {
		if o[i][0] != 'l' {
			n++
		}
	}
	return n
}

func TestTmp(t *testing.T) {
	for _, lag := range []time.Duration{0, time.Millisecond} {
		for range 3 {
			r := newGoNB(t).start(&run{displayLag: lag}, "mixed", "30")
			r.end()
			t.Log("ours", lag, misorder(r.outputs), len(r.outputs))
			g := newGoNB(t)
			os.Remove(g.program)
			os.Symlink(g.program+program, g.program)
			r = g.start(&run{displayLag: lag}, "mixed", "30")
			<-r.done
			t.Log("stock", lag, misorder(r.outputs), len(r.outputs))
		}
	}
}
