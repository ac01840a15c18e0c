package front

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/wire"
	"github.com/gossl/gossl/kernel/wire/wiretest"
)

// Every request is answered at once, while a cell runs too, on the channel that it came by.
func TestRequests(t *testing.T) {
	k := start(t)
	k.OK("//cell print 1")
	busy := k.Start("//cell print begun\n//cell await go-on")
	busy.Await("begun")
	for _, channel := range []wire.Channel{wire.Shell, wire.Control} {
		info := k.Ask(channel, "kernel_info_request", nil)
		language, _ := info["language_info"].(fields)
		if info["status"] != "ok" || info["implementation"] != "sslkit" || info["implementation_version"] != "1.2.3" ||
			info["protocol_version"] == nil || language["name"] != "go" || language["version"] != wiretest.GoVersion {
			t.Errorf("%v: %v", channel, info)
		}
	}
	for _, c := range []struct {
		kind          string
		request, want fields
	}{
		{"is_complete", fields{"code": "x := 1"}, fields{"status": "complete"}},
		{"is_complete", fields{"code": "func F() {"}, fields{"status": "incomplete", "indent": "\t"}},
		{"is_complete", fields{"code": "func F() }"}, fields{"status": "invalid"}},
		{"is_complete", fields{"code": "`not closed"}, fields{"status": "incomplete", "indent": ""}},
		{"history", fields{"hist_access_type": "tail", "n": 1}, fields{"status": "ok", "history": []any{[]any{1.0, 2.0, "//cell print begun\n//cell await go-on"}}}},
		{"history", fields{"hist_access_type": "search", "pattern": "*1", "output": true}, fields{"status": "ok", "history": []any{[]any{1.0, 1.0, []any{"//cell print 1", nil}}}}},
		{"comm_info", fields{}, fields{"status": "ok", "comms": fields{}}},
		// There is no gopls here.
		{"complete", fields{"code": "fmt.P", "cursor_pos": 5}, fields{"status": "ok", "matches": []any{}, "cursor_start": 5.0, "cursor_end": 5.0, "metadata": fields{}}},
		{"inspect", fields{"code": "fmt.P", "cursor_pos": 5, "detail_level": 0}, fields{"status": "ok", "found": false, "data": fields{}, "metadata": fields{}}},
	} {
		if diff := cmp.Diff(c.want, k.Ask(wire.Shell, c.kind+"_request", c.request)); diff != "" {
			t.Errorf("%s %v (-want +got):\n%s", c.kind, c.request, diff)
		}
	}
	k.write("go-on")
	if o := busy.End(); o.Status != "ok" {
		t.Errorf("the cell: %s %s", o.Status, o.Value)
	}
}

// Requests are answered, too, while the go command looks for packages that a cell which does not compile may have meant.
func TestRequestsWhileAFailureIsExplained(t *testing.T) {
	k := start(t)
	asked := filepath.Join(k.dir, "asked")
	failing := k.Start(fmt.Sprintf("import held %q\nheld.Do()\n//go fail cell[1]:2:1: undefined: held", wiretest.Held+asked))
	eventually(t, "the go command is asked", func() bool { _, err := os.Stat(asked); return err == nil })
	begin := time.Now()
	k.Ask(wire.Shell, "history_request", fields{"hist_access_type": "tail"})
	k.Ask(wire.Shell, "comm_info_request", fields{})
	k.Ask(wire.Control, "interrupt_request", fields{})
	if took := time.Since(begin); took > goTime/2 {
		t.Errorf("the answers took %v, as long as the go command may take", took)
	}
	k.remove("asked")
	if o := failing.End(); o.Name != "BuildError" || !strings.Contains(o.Value, "undefined: held") {
		t.Errorf("%s %s: %s", o.Status, o.Name, o.Value)
	}
}

// says says whether a reply has a text that is not empty.
func says(reply fields, name string) bool {
	text, _ := reply[name].(string)
	return text != ""
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
			reply := k.Ask(channel, c.kind, c.content)
			if reply["status"] != "error" || !says(reply, "ename") || !says(reply, "evalue") {
				t.Errorf("%v %s %v: %v", channel, c.kind, c.content, reply)
			}
			if unknown := c.kind == "debug_request" || c.kind == "dance_request"; unknown != (reply["ename"] == "NotImplemented") {
				t.Errorf("%v %s %v: %v, NotImplemented is for requests that the kernel does not know", channel, c.kind, c.content, reply)
			}
			if _, counted := reply["execution_count"]; counted != (c.kind == "execute_request") {
				t.Errorf("%s: %v, an execution_count is for cells", c.kind, reply)
			}
		}
	}
	k.OK("//cell print 1")
}

// A comm to a target that is not there is closed; those of GoNB's widgets are told of.
func TestComms(t *testing.T) {
	k := start(t)
	heard := func(kind string, c any) (types []string, contents []fields) {
		t.Helper()
		if err := k.Tell(t.Context(), kind, c, func(m *wire.Message) {
			var c fields
			if json.Unmarshal(m.Content, &c) == nil {
				types, contents = append(types, m.Header.Type), append(contents, c)
			}
		}); err != nil {
			t.Fatal(err)
		}
		return types, contents
	}
	comms := func(request fields) any { return k.Ask(wire.Shell, "comm_info_request", request)["comms"] }
	types, contents := heard("comm_open", fields{"comm_id": "a", "target_name": "jupyter.widget", "data": fields{}})
	if !slices.Equal(types, []string{"status", "comm_close", "status"}) || contents[1]["comm_id"] != "a" {
		t.Errorf("an unknown target: %v %v", types, contents)
	}
	heard("comm_open", fields{"comm_id": "b", "target_name": commTarget, "data": fields{}})
	if diff := cmp.Diff(fields{"b": fields{"target_name": commTarget}}, comms(fields{})); diff != "" {
		t.Errorf("open comms (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(fields{}, comms(fields{"target_name": "other"})); diff != "" {
		t.Errorf("comms of another target (-want +got):\n%s", diff)
	}
	heard("comm_close", fields{"comm_id": "b", "data": fields{}})
	if diff := cmp.Diff(fields{}, comms(fields{})); diff != "" {
		t.Errorf("closed comms (-want +got):\n%s", diff)
	}
	if types, _ := heard("greeting", nil); !slices.Equal(types, []string{"status", "status"}) {
		t.Errorf("a message of an unknown type: %v", types)
	}
	if types, _ := heard("comm_msg", []int{1}); !slices.Equal(types, []string{"status", "status"}) {
		t.Errorf("a message that makes no sense: %v", types)
	}
}

// Each of the user_expressions has a value or an error of its own, and nothing is published of them.
func TestUserExpressions(t *testing.T) {
	k := start(t)
	expressions := fields{"a": "Twice(21)", "bad": "undeclared /*\n//go fail ./main.go:1:1: undefined: undeclared\n*/", "none": "x :=", "number": 3, "panics": "1 /*\n//cell panic no\n*/"}
	o := k.Order(fields{"code": "//cell print once", "user_expressions": expressions})
	if o.Stdout != "once" || o.Status != "ok" || !slices.Equal(o.Order, []string{"status", "execute_input", "stream", "status"}) {
		t.Errorf("%s: published %v, printed %q", o.Status, o.Order, o.Stdout)
	}
	values, _ := o.Content["user_expressions"].(fields)
	for name, want := range map[string]string{"a": "ok", "bad": "BuildError", "none": "BadExpression", "number": "BadExpression", "panics": "panic"} {
		v, _ := values[name].(fields)
		if v["status"] == "ok" {
			if data, _ := v["data"].(fields); want != "ok" || data["text/plain"] != "Twice(21)" {
				t.Errorf("%s: %v", name, v)
			}
			continue
		}
		if v["status"] != "error" || v["ename"] != want || !says(v, "evalue") || v["traceback"] == nil {
			t.Errorf("%s: %v, want an error %s", name, v, want)
		}
	}
	if o := k.Order(fields{"code": "//cell exit 1", "user_expressions": expressions}); o.Status != "error" || o.Content["user_expressions"] != nil {
		t.Errorf("of a cell that fails: %v", o.Content)
	}
	k.OK("//cell print 1")
}

// Messages without the key do nothing, and are counted.
func TestForgedMessages(t *testing.T) {
	k := start(t)
	conn, err := wire.ReadConn(k.conn)
	if err != nil {
		t.Fatal(err)
	}
	conn.Key = "guessed"
	stranger, err := wire.Dial(t.Context(), conn, wire.Shell, "stranger")
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	forged, err := wire.New("execute_request", nil, fields{"code": "!touch forged"})
	if err == nil {
		err = stranger.Send(forged)
	}
	if err != nil {
		t.Fatal(err)
	}
	if o := k.OK("//gonb forge nothing\n!ls forged || true"); o.Stdout != "" {
		t.Errorf("printed %q", o.Stdout)
	}
	if err := k.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e := k.ended(); e != "" {
		t.Error(e)
	}
	if !strings.Contains(k.log.String(), "1 messages without a valid signature") {
		t.Errorf("the kernel printed %q, want the number of dropped messages", k.log)
	}
}
