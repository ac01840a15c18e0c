package front

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/kernel/wire"
	"github.com/gossl/gossl/kernel/wire/wiretest"
)

type fields = map[string]any

// together sends cells one after the other, without waiting for replies, the first of which must have begun.
func (k *kernel) together(first *wiretest.Running, codes ...string) []*wiretest.Running {
	k.t.Helper()
	first.Await("begun")
	all := []*wiretest.Running{first}
	for _, code := range codes {
		all = append(all, k.Start(code))
		k.Ask(wire.Shell, "comm_info_request", fields{}) // answered, so what came before on this channel is queued
	}
	return all
}

// ends are how cells ended.
func ends(cells []*wiretest.Running) (all []string) {
	for _, c := range cells {
		o := c.End()
		all = append(all, strings.TrimSpace(fmt.Sprintln(o.Status, o.Name, o.Stdout)))
	}
	return all
}

// Cells run one at a time, in the order in which they came, and each reply is that to its request.
func TestQueue(t *testing.T) {
	k := start(t)
	cells := k.together(k.Start("//cell print begun\n//cell await go-on"), "//cell print second", "//gonb late 100ms\n//cell print third", "//gonb idle-first\n//cell print fourth")
	k.write("go-on")
	if diff := cmp.Diff([]string{"ok  begun", "ok  second", "ok  third", "ok  fourth"}, ends(cells)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for i, c := range cells {
		if o := c.End(); o.Content["execution_count"] != float64(i+1) || o.Order[0] != "status" || o.Order[len(o.Order)-1] != "status" {
			t.Errorf("cell %d: %v, published %v", i+1, o.Content, o.Order)
		}
	}
}

// GoNB may say that it is idle more often than once.
func TestIdleTwice(t *testing.T) {
	k := start(t)
	for range 3 {
		if o := k.OK("//gonb print 1\n//gonb idle\n//gonb idle"); o.Stdout != "1" || !slices.Equal(o.Order, []string{"status", "execute_input", "stream", "status"}) {
			t.Errorf("printed %q, published %v", o.Stdout, o.Order)
		}
	}
}

// A cell that fails takes with it those that were queued when it did; without stop_on_error, none.
func TestAbort(t *testing.T) {
	k := start(t)
	const code = "//cell print begun\n//cell await go-on\n//cell exit 3"
	cells := k.together(k.Start(code), "//cell print 2", "//cell print 3")
	k.write("go-on")
	if diff := cmp.Diff([]string{"error Exit begun", "aborted", "aborted"}, ends(cells)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if o := cells[1].End(); !slices.Equal(o.Order, []string{"status", "status"}) || o.Content["execution_count"] != nil {
		t.Errorf("an aborted cell: %v, published %v", o.Content, o.Order)
	}
	k.remove("go-on")
	cells = k.together(k.StartOrder(fields{"code": code, "stop_on_error": false}), "//cell print 2", "!exit 3", "//cell print 4")
	k.write("go-on")
	if diff := cmp.Diff([]string{"error Exit begun", "ok  2", "error Command", "aborted"}, ends(cells)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Cells that are sent when the failure is known run, however it failed.
func TestAbortTakesNoLaterCell(t *testing.T) {
	k := start(t)
	for _, code := range []string{"1 +", "%exce F", "//cell exit 3", "//go fail ./main.go:1:1: no"} {
		for range 3 {
			if o := k.Run(code); o.Status != "error" {
				t.Errorf("%q: %s", code, o.Status)
			}
			k.OK("//cell print 1")
		}
	}
}

// Cells that GoNB must not see fail like others, and take those behind with them.
func TestRefused(t *testing.T) {
	k := start(t)
	for code, name := range map[string]string{"%exce F": "Refused", "func F() {": "BuildError"} {
		first := k.StartOrder(fields{"code": "//cell print begun\n//cell await go-on"})
		cells := k.together(first, code, "//cell print 3")
		k.write("go-on")
		if diff := cmp.Diff([]string{"ok  begun", "error " + name, "aborted"}, ends(cells)); diff != "" {
			t.Errorf("%q: -want +got:\n%s", code, diff)
		}
		if o := cells[1].End(); o.Error == nil || o.Order[1] != "execute_input" {
			t.Errorf("%q: published %v", code, o.Order)
		}
		k.remove("go-on")
	}
}

// A silent cell does its work and publishes nothing but the states; one that is not stored has no number of its own.
func TestSilent(t *testing.T) {
	k := start(t)
	k.OK("//cell print 1")
	for code, status := range map[string]string{
		"//gonb print heard?\n!echo heard?\n//cell print heard?\n//cell warn heard?\n//cell display seen?\n//cell value text/plain seen?": "ok",
		"//cell panic silently":          "error",
		"//go fail ./main.go:1:1: quiet": "error",
		"func broken( {":                 "error",
	} {
		o := k.Order(fields{"code": code, "silent": true, "store_history": true})
		if o.Status != status || !slices.Equal(o.Order, []string{"status", "status"}) || o.Content["execution_count"] != 1.0 {
			t.Errorf("%q: %s %s, published %v, count %v; want %s, the states, 1", code, o.Status, o.Value, o.Order, o.Content["execution_count"], status)
		}
	}
	if o := k.Order(fields{"code": "//cell print heard", "store_history": false}); o.Stdout != "heard" || o.Content["execution_count"] != 1.0 {
		t.Errorf("a cell that is not stored printed %q, count %v", o.Stdout, o.Content["execution_count"])
	}
	if o := k.OK("//cell print 2"); o.Content["execution_count"] != 2.0 {
		t.Errorf("the next cell has number %v, want 2", o.Content["execution_count"])
	}
	history := k.Ask(wire.Shell, "history_request", fields{"hist_access_type": "tail"})["history"]
	if diff := cmp.Diff([]any{[]any{1.0, 1.0, "//cell print 1"}, []any{1.0, 2.0, "//cell print 2"}}, history); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
}

// The page sees the user's cell, whatever GoNB is given.
func TestExecuteInput(t *testing.T) {
	k := start(t)
	var input string
	if _, err := k.Execute(t.Context(), "1 + 1", func(m *wire.Message) {
		if m.Header.Type == "execute_input" {
			input += string(m.Content)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if want := `{"code":"1 + 1","execution_count":1}`; input != want {
		t.Errorf("execute_input %s, want %s", input, want)
	}
}
