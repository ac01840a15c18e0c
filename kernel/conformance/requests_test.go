package conformance

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/wire"
)

// ask makes a request that must be answered: at once, or at most when gopls has loaded its packages.
func (k *kernel) ask(channel wire.Channel, kind string, content any) fields {
	k.T.Helper()
	soon := *k.Session
	soon.Limit = 15 * time.Second
	return soon.Ask(channel, kind, content)
}

type fields = map[string]any

// Completion and inspection answer soon, while a cell runs too.
func TestHelp(t *testing.T) {
	k := start(t)
	k.OK("func Distance(from, to int) int { return to - from }")
	r := k.Start("time.Sleep(2 * time.Second)")
	code := "import \"github.com/gossl/gossl/sslkit/recipe\"\nr := recipe.Sha"
	begin := time.Now()
	var matches []any
	for len(matches) == 0 && time.Since(begin) < 30*time.Second { // gopls loads the packages
		c := k.ask(wire.Shell, "complete_request", fields{"code": code, "cursor_pos": len(code)})
		matches, _ = c["matches"].([]any)
	}
	t.Logf("first completion after %v", time.Since(begin))
	if len(matches) == 0 || matches[0] != "Shapes" {
		t.Errorf("matches %v, want Shapes", matches)
	}
	if o := r.End(); o.Took > 5*time.Second {
		t.Errorf("the cell took %v beside the completions", o.Took)
	}
	begin = time.Now()
	code = "d := Dist"
	c := k.ask(wire.Shell, "complete_request", fields{"code": code, "cursor_pos": len(code)})
	if diff := cmp.Diff([]any{"Distance"}, c["matches"]); diff != "" {
		t.Errorf("a function of an earlier cell (-want +got):\n%s", diff)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("a warm completion took %v", took)
	}
	code = "d := Distance(1, 2)"
	if c := k.ask(wire.Shell, "inspect_request", fields{"code": code, "cursor_pos": 7, "detail_level": 0}); c["found"] != true {
		t.Errorf("inspection: %v", c)
	}
}
