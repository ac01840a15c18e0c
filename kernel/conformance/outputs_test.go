package conformance

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Everything that a cell showed before it ended arrives, in order.
func TestDisplaysArrive(t *testing.T) {
	k := start(t)
	for range 3 {
		o := k.ok(`for i := range 200 {
	gonbui.DisplayHTML(fmt.Sprint(i))
}`)
		var got []string
		for _, d := range o.displays {
			got = append(got, d["text/html"])
		}
		if len(got) != 200 || got[0] != "0" || got[199] != "199" {
			t.Fatalf("%d displays of 200: %.60v", len(got), got)
		}
	}
	o := k.fails(`gonbui.DisplayHTML("seen"); panic("then")`, "panic", "then")
	if len(o.displays) != 1 {
		t.Errorf("%d displays before the panic, want 1", len(o.displays))
	}
}

func TestManyLines(t *testing.T) {
	k := start(t)
	o := k.ok("w := bufio.NewWriter(os.Stdout)\nfor i := range 100000 {\n\tfmt.Fprintln(w, i)\n}\nw.Flush()")
	if lines := strings.Split(o.stdout, "\n"); len(lines) != 100001 || lines[99999] != "99999" {
		t.Errorf("%d lines of 100,000", len(lines)-1)
	}
}

func TestLargePicture(t *testing.T) {
	k := start(t)
	o := k.ok(`picture := make([]byte, 8<<20)
for i := range picture {
	picture[i] = byte(i * 7 / 3)
}
gonbui.DisplayPng(picture)`)
	if len(o.displays) != 1 || len(o.displays[0]["image/png"]) < 8<<20*4/3 {
		t.Errorf("%d displays", len(o.displays))
	}
}

// A child that holds the output does not hold the cell.
func TestDaemon(t *testing.T) {
	k := start(t)
	begin := time.Now()
	k.ok(`cmd := exec.Command("setsid", "sleep", "20")
cmd.Stdout = os.Stdout
cmd.Start()`)
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("the cell took %v", took)
	}
}

func TestClearOutput(t *testing.T) {
	k := start(t)
	o := k.ok("import \"github.com/janpfeifer/gonb/gonbui/protocol\"\n" +
		`gonbui.SendData(&protocol.DisplayData{Data: map[protocol.MIMEType]any{"application/vnd.sslkit.clear_output+json": "{}"}})`)
	if got := strings.Join(o.order, " "); !strings.Contains(got, "clear_output") || len(o.displays) != 0 {
		t.Errorf("published %s", got)
	}
}

// The reply says how long it took and how much memory; long cells say it below.
func TestTiming(t *testing.T) {
	k := start(t)
	o := k.ok("b := make([]byte, 64<<20)\nfor i := range b {\n\tb[i] = 1\n}")
	timing, _ := o.metadata["sslkit"].(map[string]any)
	for _, name := range []string{"total_seconds", "build_seconds", "run_seconds", "cpu_seconds", "peak_memory"} {
		if value, _ := timing[name].(float64); value <= 0 {
			t.Errorf("%s is %v", name, timing[name])
		}
	}
	if peak, _ := timing["peak_memory"].(float64); peak < 64<<20 {
		t.Errorf("peak memory %v of 64 MiB", peak)
	}
	if len(o.displays) != 0 {
		t.Errorf("a short cell shows %v", o.displays)
	}
	if o := k.ok("time.Sleep(5 * time.Second)"); len(o.displays) != 1 || !strings.Contains(fmt.Sprint(o.displays), "peak memory") {
		t.Errorf("below a long cell: %v", o.displays)
	}
}

// Outputs are whole and in their order when the kernel says that it is idle.
func TestOrderOfMessages(t *testing.T) {
	k := start(t)
	o := k.ok(`fmt.Println("a")
1 + 1`)
	want := "status execute_input stream execute_result status"
	if got := strings.Join(o.order, " "); got != want {
		t.Errorf("published %s, want %s", got, want)
	}
	if o.result["text/plain"] != "2" {
		t.Errorf("result %v", o.result)
	}
}
