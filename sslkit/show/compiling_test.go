package show

import (
	"strings"
	"testing"
	"time"
)

// What is being compiled stands there while it is, and how long it took afterwards, in the
// order in which compilations began.
func TestCompilations(t *testing.T) {
	var page string
	c := &compilations{show: func(now string) { page = now }}
	first := c.begin("compiling the embedder for <a GPU>")
	if want := ">compiling the embedder for &lt;a GPU&gt; …</div>"; !strings.HasSuffix(page, want) {
		t.Errorf("%q, want it to end with %q", page, want)
	}
	second := c.begin("compiling the kNN vote")
	first(12300 * time.Millisecond)
	if want := ">compiling the embedder for &lt;a GPU&gt;: 12s<br>compiling the kNN vote …</div>"; !strings.HasSuffix(page, want) {
		t.Errorf("%q, want it to end with %q", page, want)
	}
	second(6100 * time.Millisecond)
	if want := "12s<br>compiling the kNN vote: 6.1s</div>"; !strings.HasSuffix(page, want) {
		t.Errorf("%q, want it to end with %q", page, want)
	}
}
