package front

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/event"
	"github.com/gossl/gossl/kernel/gonb/value"
	"github.com/gossl/gossl/kernel/proc"
	"github.com/gossl/gossl/kernel/wire"
)

// What is written to stdout, stderr and the pipes for displays comes in that order, and all of it before the reply.
func TestOrder(t *testing.T) {
	k := start(t)
	const rounds = 200
	var got []string
	reply, err := k.Execute(t.Context(), fmt.Sprintf("//cell lines %d\n//cell value text/plain 42", rounds), func(m *wire.Message) {
		var c struct {
			Text  string
			Data  map[string]string
			State string `json:"execution_state"`
		}
		if err := json.Unmarshal(m.Content, &c); err != nil {
			t.Error(err)
		}
		switch m.Header.Type {
		case "stream":
			got = slices.AppendSeq(got, strings.Lines(c.Text))
		case "display_data":
			got = append(got, c.Data["text/html"])
		case "execute_result":
			got = append(got, "value "+c.Data["text/plain"])
		case "status":
			got = append(got, c.State)
		default:
			got = append(got, m.Header.Type)
		}
	})
	if err != nil || !strings.Contains(string(reply.Content), `"ok"`) {
		t.Fatal(err, reply)
	}
	want := []string{"busy", "execute_input"}
	for i := range rounds {
		want = append(want, fmt.Sprintln("heading", i), fmt.Sprint("table ", i), fmt.Sprintln("footer", i), fmt.Sprintln("note", i))
	}
	want = append(want, "value 42", "idle")
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("output %d is %q, want %q", i, got[i], want[i])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d outputs, want %d", len(got), len(want))
	}
}

// What GoNB says itself stands where it said it, between what commands and the cell print.
func TestOrderOfWhatGoNBSays(t *testing.T) {
	k := start(t)
	for range 5 {
		o := k.OK("%env A 1\n//gonb print one \n!echo two\n//gonb print three \n!echo four\n//gonb print five \n//cell print six")
		if want := "one two\nthree four\nfive six"; o.Stdout != want {
			t.Errorf("printed %q, want %q", o.Stdout, want)
		}
	}
	page := map[string]any{"comm_id": "page", "target_name": commTarget, "data": map[string]any{}}
	if err := k.Tell(t.Context(), "comm_open", page, nil); err != nil {
		t.Fatal(err)
	}
	if o := k.OK("%env A 1\n//gonb print one \n!echo two"); o.Stdout != "one two\n" {
		t.Errorf("with widgets: printed %q", o.Stdout)
	}
	if strings.Contains(k.log.String(), "may come late") { // after k.plan.Limits.Echo
		t.Error("GoNB was not heard: it answers nothing but widgets while a cell runs")
	}
}

// Characters are never cut, and what is none is replaced.
func TestCharacters(t *testing.T) {
	k := start(t)
	if o := k.OK("//cell bytes 61e282acf09f9880"); o.Stdout != "a€😀" {
		t.Errorf("byte by byte: %q", o.Stdout)
	}
	if o := k.OK("//cell bytes 61ff62e282"); o.Stdout != "a\ufffdb\ufffd" {
		t.Errorf("what is no text: %q", o.Stdout)
	}
	if o := k.OK("!printf '€%.0s' {1..50000}; printf 'ü%.0s' {1..50000} >&2"); o.Stdout != strings.Repeat("€", 50_000) || o.Stderr != strings.Repeat("ü", 50_000) {
		t.Errorf("a command: %d and %d bytes", len(o.Stdout), len(o.Stderr))
	}
}

// A display with a name is updated, also by later cells; what is for the kernel is not shown.
func TestDisplays(t *testing.T) {
	k := start(t)
	o := k.OK("//cell update a first\n//cell update b other\n//cell update a second")
	if want := []string{"status", "execute_input", "display_data", "display_data", "update_display_data", "status"}; !slices.Equal(o.Order, want) {
		t.Errorf("published %v, want %v", o.Order, want)
	}
	if o := k.OK("//cell update a third"); !slices.Contains(o.Order, "update_display_data") || o.Displays[0]["text/html"] != "third" {
		t.Errorf("published %v: %v", o.Order, o.Displays)
	}
	o = k.OK("//cell data " + clearMIME + " {}\n//cell data " + deviceMIME + ` {"peak_memory":7}` + "\n//cell data " + deviceMIME + " no JSON")
	if want := []string{"status", "execute_input", "clear_output", "status"}; !slices.Equal(o.Order, want) {
		t.Errorf("published %v, want %v", o.Order, want)
	}
	timing, _ := o.Metadata["sslkit"].(map[string]any)
	if device, _ := timing["device"].(map[string]any); device["peak_memory"] != 7.0 {
		t.Errorf("of the device: %v", timing)
	}
	if o := k.Fails("//cell display seen\n//cell panic then", "panic", "then"); len(o.Displays) != 1 {
		t.Errorf("%d displays before the panic, want 1", len(o.Displays))
	}
}

// The reply says how long the cell took; below one that took long the page does.
func TestTiming(t *testing.T) {
	k := start(t, func(p *plan, _ *wire.Command) { p.Limits.Long = 300 * time.Millisecond })
	o := k.OK("//cell print short")
	timing, _ := o.Metadata["sslkit"].(map[string]any)
	for _, name := range []string{"total_seconds", "build_seconds", "run_seconds", "cpu_seconds", "peak_memory"} {
		if value, _ := timing[name].(float64); value <= 0 {
			t.Errorf("%s is %v", name, timing[name])
		}
	}
	if len(o.Displays) != 0 && o.Took < 300*time.Millisecond {
		t.Errorf("a short cell shows %v", o.Displays)
	}
	o = k.OK("//cell data " + deviceMIME + ` {"peak_memory":2147483648}` + "\n//cell sleep 300ms")
	if text := fmt.Sprint(o.Displays); len(o.Displays) != 1 || !strings.Contains(text, "peak memory") || !strings.Contains(text, "on the device 2.00 GiB") {
		t.Errorf("below a long cell: %v", o.Displays)
	}
}

// Both times below a cell have the same form.
func TestFooter(t *testing.T) {
	f := &front{}
	for want, r := range map[string]*running{
		"build 2.4 s · run 4.2 s · peak memory 12 MiB": {
			build: &event.Event{Seconds: 2.41}, end: &event.Event{Seconds: 4.2, PeakMemory: 12 << 20},
		},
		"build 1 min 15 s · run 3 min 04 s · peak memory 1.50 GiB · on the device 2.00 GiB": {
			build: &event.Event{Seconds: 75.3}, end: &event.Event{Seconds: 184.6, PeakMemory: 3 << 29},
			device: json.RawMessage(`{"peak_memory":2147483648}`),
		},
		"": {build: &event.Event{Seconds: 2.41}}, // nothing ran
	} {
		if got := f.footer(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// What looks like a crash is held back until it is known to be one, and comes at once if it is none.
func TestCrashes(t *testing.T) {
	k := start(t, func(p *plan, _ *wire.Command) { p.Limits.Quiet = 2 * time.Second }) // a slow machine ends a process late
	o := k.Fails("//cell warn before\\n\n//cell panic reason", "panic", "reason")
	if o.Stderr != "before\n" || !strings.Contains(o.Trace, "reason") {
		t.Errorf("stderr %q, want what was printed before the stack; the trace:\n%s", o.Stderr, o.Trace)
	}
	if o := k.Fails("//cell warn no end of line \n//cell panic reason", "panic", "reason"); o.Stderr != "no end of line " {
		t.Errorf("stderr %q", o.Stderr)
	}
	if o := k.OK("//cell warn panic: mine\\n\n//cell print on\\n"); o.Stderr != "panic: mine\n" {
		t.Errorf("a program that goes on: stderr %q", o.Stderr)
	}
	if o := k.Fails("//cell warn panic: mine\\n\n//cell kill", "Signal", "killed"); o.Stderr != "panic: mine\n" {
		t.Errorf("a program that is killed: stderr %q", o.Stderr)
	}
	if o := k.Fails("//cell warn panic: mine\\n\n//cell exit 3", "Exit", "exit status 3"); o.Stderr != "panic: mine\n" {
		t.Errorf("a program that ends: stderr %q", o.Stderr)
	}
	for _, crash := range []string{"fatal error: all goroutines are asleep - deadlock!\\n\\n", "SIGQUIT: quit\\nPC=0x46c861 m=0 sigcode=0\\n\\n"} {
		name, _, _ := strings.Cut(crash, ":")
		code := "//cell warn " + crash + "goroutine 1 [chan receive]:\\nmain.main()\\n\\t/x.go:1\\n\n//cell sleep 600ms\n//cell exit 2"
		if o := k.Fails(code, name, ""); o.Stderr != "" {
			t.Errorf("a program whose runtime takes its time: stderr %q", o.Stderr)
		}
	}
	r := k.Start("//cell warn panic: not really\\n\n//cell await go-on")
	r.Await("not really") // while it runs
	k.write("go-on")
	if o := r.End(); o.Status != "ok" || o.Stderr != "panic: not really\n" {
		t.Errorf("%s: stderr %q", o.Status, o.Stderr)
	}
}

// How a cell ends is what the reply and the page say, whatever it prints.
func TestEndings(t *testing.T) {
	k := start(t)
	for _, c := range []struct{ code, name, value string }{
		{"//cell exit 3", "Exit", "exit status 3"},
		{"//cell kill", "Signal", "signal: killed"},
		{"//cell value " + value.ErrorMIME + " *fs.PathError\\nno such file", "error", "no such file"},
		{"!exit 7", "Command", "exit status 7"},
		{"!kill -9 $$", "Command", "signal: killed"},
		{"!nosuchcommand", "Command", "exit status 127"},
		{"//go fail ./main.go:3:1: undefined: x", "BuildError", "undefined: x"},
		{"//gonb fail ERROR no luck", "GoNB", "no luck"},
	} {
		k.Fails(c.code, c.name, c.value)
		k.OK("//cell print and on")
	}
	if o := k.OK("!echo exit status 3 >&2"); o.Stderr != "exit status 3\n" {
		t.Errorf("stderr %q", o.Stderr)
	}
	if o := k.OK("//cell warn exit status 3\\n"); o.Stderr != "exit status 3\n" {
		t.Errorf("stderr %q", o.Stderr)
	}
}

// What a cell's process leaves does not hold it: what is in its group ends with it, what is not goes on.
func TestLeftovers(t *testing.T) {
	k := start(t)
	o := k.OK("//cell child\n//cell orphan\n!sleep 600 & echo $!")
	var child, orphan, command int
	if n, err := fmt.Sscan(o.Stdout, &command, &child, &orphan); n != 3 {
		t.Fatalf("printed %q: %v", o.Stdout, err)
	}
	dead(t, child)
	if !proc.Alive(orphan) || !proc.Alive(command) {
		t.Error("what the cell and its command left does not run")
	}
	k.OK("//cell print 1")
	k.Stop() // between cells
	for _, pid := range []int{orphan, command} {
		eventually(t, fmt.Sprintf("process %d has ended, and the system has forgotten it", pid), func() bool {
			_, err := os.Stat(fmt.Sprint("/proc/", pid))
			return err != nil
		})
	}
	k.OK("//cell print 2")
}
