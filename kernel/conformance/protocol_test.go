package conformance

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/wire"
)

// order executes a cell by a request of the test's own making.
func (k *kernel) order(request fields) (outcome, fields) {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), limit)
	defer cancel()
	var o outcome
	reply, err := k.ExecuteRequest(ctx, request, o.take)
	if err != nil {
		k.t.Fatalf("%v: %v", request, err)
	}
	o.finish(k.t, reply)
	var c fields
	decode(k.t, reply.Content, &c)
	return o, c
}

// waitStarted waits for a cell that begins with tellStarted.
func (k *kernel) waitStarted() {
	for range 1000 {
		if _, err := os.Stat(filepath.Join(k.dir, "started")); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	k.t.Fatal("the cell does not start")
}

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
	o := k.ok("strings.TrimPrefix(runtime.Version(), \"go\")")
	if got := strings.Trim(o.result["text/plain"], `"`); version == "" || got != version {
		t.Errorf("version %q, cells are built by Go %s", version, got)
	}
}

// A silent cell does its work and publishes nothing but the states.
func TestSilent(t *testing.T) {
	k := start(t)
	k.ok("1 + 1")
	states := []string{"status", "status"}
	for code, status := range map[string]string{
		"func Kept() int { return 7 }\nfmt.Println(\"heard?\")\ngonbui.DisplayHTML(\"<b>seen?</b>\")\nfmt.Fprintln(os.Stderr, \"heard?\")\nKept()": "ok",
		"panic(\"silently\")": "error",
		"undeclared()":        "error",
		"func broken( {":      "error",
	} {
		o, reply := k.order(fields{"code": code, "silent": true, "store_history": true})
		if o.status != status || !slices.Equal(o.order, states) || reply["execution_count"] != 1.0 {
			t.Errorf("%q: %s %s, published %v, count %v; want %s, %v, 1", code, o.status, o.value, o.order, reply["execution_count"], status, states)
		}
	}
	o, reply := k.order(fields{"code": "Kept()", "store_history": false})
	if o.result["text/plain"] != "7" || reply["execution_count"] != 1.0 {
		t.Errorf("a cell that is not stored: result %v, count %v; want 7, 1", o.result, reply["execution_count"])
	}
	_, reply = k.order(fields{"code": "Kept() + 1"})
	if reply["execution_count"] != 2.0 {
		t.Errorf("the next cell has number %v, want 2", reply["execution_count"])
	}
	history := k.ask(wire.Shell, "history_request", fields{"hist_access_type": "tail"})["history"]
	if diff := cmp.Diff([]any{[]any{1.0, 1.0, "1 + 1"}, []any{1.0, 2.0, "Kept() + 1"}}, history); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

// Each of the user_expressions has a value or an error of its own.
func TestUserExpressions(t *testing.T) {
	k := start(t)
	k.ok("func Twice(x int) int { return 2 * x }")
	expressions := fields{"a": "Twice(21)", "bad": "undeclared", "none": "x :=", "number": 3, "panics": "[]int{}[Twice(1)]"}
	o, reply := k.order(fields{"code": "fmt.Println(\"once\")", "user_expressions": expressions})
	o.order = slices.DeleteFunc(o.order, func(kind string) bool { return kind == "display_data" }) // times, where it takes long
	if o.stdout != "once\n" || o.status != "ok" || !slices.Equal(o.order, []string{"status", "execute_input", "stream", "status"}) {
		t.Errorf("%s: published %v, printed %q", o.status, o.order, o.stdout)
	}
	values, _ := reply["user_expressions"].(fields)
	for name, want := range map[string]string{"a": "ok", "bad": "BuildError", "none": "BadExpression", "number": "BadExpression", "panics": "panic"} {
		v, _ := values[name].(fields)
		if v["status"] == "ok" {
			if data, _ := v["data"].(fields); want != "ok" || data["text/plain"] != "42" {
				t.Errorf("%s: %v", name, v)
			}
			continue
		}
		if v["status"] != "error" || v["ename"] != want || v["evalue"] == "" || v["traceback"] == nil {
			t.Errorf("%s: %v, want an error %s", name, v, want)
		}
	}
	if _, reply := k.order(fields{"code": "panic(1)", "user_expressions": expressions}); reply["status"] != "error" || reply["user_expressions"] != nil {
		t.Errorf("of a cell that fails: %v", reply)
	}
	k.ok("Twice(1)") // and nothing of them is left
}

// With stop_on_error false, cells that wait are executed whatever became of the first.
func TestStopOnError(t *testing.T) {
	for stop, want := range map[bool]string{true: "aborted", false: "ok"} {
		k := start(t)
		first, second := make(chan outcome), make(chan outcome)
		go func() {
			o, _ := k.order(fields{"code": tellStarted + "time.Sleep(time.Second)\npanic(1)", "stop_on_error": stop})
			first <- o
		}()
		k.waitStarted()
		go func() {
			o, _ := k.order(fields{"code": "1 + 1"})
			second <- o
		}()
		if o := <-first; o.status != "error" {
			t.Errorf("the first cell: %s", o.status)
		}
		if o := <-second; o.status != want {
			t.Errorf("stop_on_error %v: the second cell: %s, want %s", stop, o.status, want)
		}
	}
}

// Requests that make no sense are answered, and the kernel is well.
func TestMalformedRequests(t *testing.T) {
	k := start(t)
	for _, c := range []struct {
		kind    string
		content any
	}{
		{"execute_request", nil},
		{"execute_request", fields{"code": 5}},
		{"execute_request", []int{1}},
		{"execute_request", fields{"code": "1", "user_expressions": []int{1}}},
		{"is_complete_request", fields{"code": 5}},
		{"complete_request", fields{"code": "x", "cursor_pos": "end"}},
		{"inspect_request", []int{1}},
		{"history_request", fields{"n": "many"}},
		{"comm_info_request", "all"},
		{"debug_request", fields{"command": "initialize", "seq": 1, "type": "request"}},
		{"dance_request", nil},
	} {
		for _, channel := range []wire.Channel{wire.Shell, wire.Control} {
			reply := k.ask(channel, c.kind, c.content)
			if reply["status"] != "error" || reply["ename"] == "" || reply["evalue"] == "" {
				t.Errorf("%v %s %v: %v", channel, c.kind, c.content, reply)
			}
			if _, counted := reply["execution_count"]; counted != (c.kind == "execute_request") {
				t.Errorf("%s: %v, an execution_count is for cells", c.kind, reply)
			}
		}
	}
	if o := k.ok("1 + 1"); o.result["text/plain"] != "2" {
		t.Errorf("result %v", o.result)
	}
}

// A comm to a target that is not there is closed; those of GoNB's widgets are told of.
func TestComms(t *testing.T) {
	k := start(t)
	heard := func(kind string, c any) (types []string, contents []fields) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		if err := k.Tell(ctx, kind, c, func(m *wire.Message) {
			var c fields
			if json.Unmarshal(m.Content, &c) == nil {
				types, contents = append(types, m.Header.Type), append(contents, c)
			}
		}); err != nil {
			t.Fatal(err)
		}
		return types, contents
	}
	types, contents := heard("comm_open", fields{"comm_id": "a", "target_name": "jupyter.widget", "data": fields{}})
	if !slices.Equal(types, []string{"status", "comm_close", "status"}) || contents[1]["comm_id"] != "a" {
		t.Errorf("an unknown target: %v %v", types, contents)
	}
	heard("comm_open", fields{"comm_id": "b", "target_name": "gonb_comm", "data": fields{}})
	want := fields{"b": fields{"target_name": "gonb_comm"}}
	if diff := cmp.Diff(want, k.ask(wire.Shell, "comm_info_request", fields{})["comms"]); diff != "" {
		t.Errorf("open comms (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(fields{}, k.ask(wire.Shell, "comm_info_request", fields{"target_name": "other"})["comms"]); diff != "" {
		t.Errorf("comms of another target (-want +got):\n%s", diff)
	}
	heard("comm_close", fields{"comm_id": "b", "data": fields{}})
	if diff := cmp.Diff(fields{}, k.ask(wire.Shell, "comm_info_request", fields{})["comms"]); diff != "" {
		t.Errorf("closed comms (-want +got):\n%s", diff)
	}
	if types, _ := heard("greeting", nil); !slices.Equal(types, []string{"status", "status"}) {
		t.Errorf("a message of an unknown type: %v", types)
	}
}
