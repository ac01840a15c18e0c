package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/wire"
)

// What tools know of the language is that it is Go.
func TestLanguage(t *testing.T) {
	k := start(t)
	info, _ := k.ask(wire.Shell, "kernel_info_request", nil)["language_info"].(fields)
	version, _ := info["version"].(string)
	delete(info, "version")
	want := fields{
		"name": "go", "mimetype": "text/x-go", "file_extension": ".go", "pygments_lexer": "go",
		"codemirror_mode": "go", "nbconvert_exporter": "script",
	}
	if diff := cmp.Diff(want, info); diff != "" {
		t.Errorf("language_info (-want +got):\n%s", diff)
	}
	o := k.OK("strings.TrimPrefix(runtime.Version(), \"go\")")
	if got := strings.Trim(o.Result["text/plain"], `"`); version == "" || got != version {
		t.Errorf("version %q, cells are built by Go %s", version, got)
	}
}

// A silent cell does its work and publishes nothing but the states.
func TestSilent(t *testing.T) {
	k := start(t)
	k.OK("1 + 1")
	states := []string{"status", "status"}
	for code, status := range map[string]string{
		"func Kept() int { return 7 }\nfmt.Println(\"heard?\")\ngonbui.DisplayHTML(\"<b>seen?</b>\")\nfmt.Fprintln(os.Stderr, \"heard?\")\nKept()": "ok",
		"panic(\"silently\")": "error",
		"undeclared()":        "error",
		"func broken( {":      "error",
	} {
		o := k.Order(fields{"code": code, "silent": true, "store_history": true})
		if o.Status != status || !slices.Equal(o.Order, states) || o.Content["execution_count"] != 1.0 {
			t.Errorf("%q: %s %s, published %v, count %v; want %s, %v, 1", code, o.Status, o.Value, o.Order, o.Content["execution_count"], status, states)
		}
	}
	o := k.Order(fields{"code": "Kept()", "store_history": false})
	if o.Result["text/plain"] != "7" || o.Content["execution_count"] != 1.0 {
		t.Errorf("a cell that is not stored: result %v, count %v; want 7, 1", o.Result, o.Content["execution_count"])
	}
	o = k.Order(fields{"code": "Kept() + 1"})
	if o.Content["execution_count"] != 2.0 {
		t.Errorf("the next cell has number %v, want 2", o.Content["execution_count"])
	}
	history := k.ask(wire.Shell, "history_request", fields{"hist_access_type": "tail"})["history"]
	if diff := cmp.Diff([]any{[]any{1.0, 1.0, "1 + 1"}, []any{1.0, 2.0, "Kept() + 1"}}, history); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

// Each of the user_expressions has a value or an error of its own.
func TestUserExpressions(t *testing.T) {
	k := start(t)
	k.OK("func Twice(x int) int { return 2 * x }")
	expressions := fields{"a": "Twice(21)", "bad": "undeclared", "none": "x :=", "number": 3, "panics": "[]int{}[Twice(1)]"}
	o := k.Order(fields{"code": "fmt.Println(\"once\")", "user_expressions": expressions})
	o.Order = slices.DeleteFunc(o.Order, func(kind string) bool { return kind == "display_data" }) // times, where it takes long
	if o.Stdout != "once\n" || o.Status != "ok" || !slices.Equal(o.Order, []string{"status", "execute_input", "stream", "status"}) {
		t.Errorf("%s: published %v, printed %q", o.Status, o.Order, o.Stdout)
	}
	values, _ := o.Content["user_expressions"].(fields)
	for name, want := range map[string]string{"a": "ok", "bad": "BuildError", "none": "BadExpression", "number": "BadExpression", "panics": "panic"} {
		v, _ := values[name].(fields)
		if v["status"] == "ok" {
			if data, _ := v["data"].(fields); want != "ok" || data["text/plain"] != "42" {
				t.Errorf("%s: %v", name, v)
			}
			continue
		}
		if value, _ := v["evalue"].(string); v["status"] != "error" || v["ename"] != want || value == "" || v["traceback"] == nil {
			t.Errorf("%s: %v, want an error %s", name, v, want)
		}
	}
	if o := k.Order(fields{"code": "panic(1)", "user_expressions": expressions}); o.Content["status"] != "error" || o.Content["user_expressions"] != nil {
		t.Errorf("of a cell that fails: %v", o.Content)
	}
	k.OK("Twice(1)") // and nothing of them is left
}
