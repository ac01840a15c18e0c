package show

import (
	"slices"
	"testing"
	"time"

	"github.com/gossl/gossl/sslkit/train"
)

// What is being compiled stands in the display of the run at work, over what the run itself
// said, and in a line of its own where there is no run. Then it goes.
func TestCompilations(t *testing.T) {
	var shown []string
	c := &compilations{line: func() func(string) { return func(text string) { shown = append(shown, text) } }}
	c.begin("compiling for <a GPU>")(time.Second)
	if want := []string{`<div style="font-family:sans-serif;font-size:small;opacity:0.7">compiling for &lt;a GPU&gt;</div>`, ""}; !slices.Equal(shown, want) {
		t.Errorf("showed %q, want %q", shown, want)
	}

	var states []string
	p := &progress{now: time.Now, draw: func(e train.Event, _ time.Duration) { states = append(states, status(e)) }}
	c.during(p)
	p.report(train.Event{Phase: train.Evaluating, Epochs: 3})
	done := c.begin("compiling the embedder")
	done(time.Second)
	if want := []string{"untrained network: kNN accuracy", "compiling the embedder", "untrained network: kNN accuracy"}; !slices.Equal(states, want) {
		t.Errorf("the run's display was %q, want %q", states, want)
	}
	c.during(nil)
	c.begin("compiling the probe")
	if len(shown) != 3 || len(states) != 3 {
		t.Errorf("after the run there are %d lines and %d states, want 3 of each", len(shown), len(states))
	}
}
