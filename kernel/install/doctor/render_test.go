package doctor

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var sample = Report{
	{Name: "Go", Status: OK, Detail: "go1.26.8", Seconds: 0.04},
	{Name: "stray processes", Status: Warn, Detail: "1 runs on\n4711 /home/bin/gopls", Fix: "kill 4711", Seconds: 12.34},
	{Name: "kernel start", Status: Fail, Detail: "no & answer", Fix: "run `make setup`"},
}

func TestTable(t *testing.T) {
	const plain = `  ✓ Go                0.0 s  go1.26.8
  ! stray processes  12.3 s  1 runs on
                             4711 /home/bin/gopls
                             → kill 4711
  ✗ kernel start      0.0 s  no & answer
                             → run ` + "`make setup`" + `

1 ok, 1 warn, 1 fail, 12 s
`
	var out bytes.Buffer
	table := Table{Out: &out}
	for _, c := range sample {
		table.Start(c.Name)
		table.Done(c)
	}
	table.Summary(sample)
	if diff := cmp.Diff(plain, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	out.Reset()
	table.Live = true
	table.Start("Go")
	table.Done(sample[0])
	if want := "  … Go\r\x1b[K  ✓ Go                0.0 s  go1.26.8\n"; out.String() != want {
		t.Errorf("on a terminal %q, want %q", out.String(), want)
	}
}

// Every name fits into its column.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range (&Doctor{}).steps(&live{}) {
		if len(s.name) > nameWidth || seen[s.name] {
			t.Errorf("name %q is longer than %d bytes, or twice there", s.name, nameWidth)
		}
		seen[s.name] = true
	}
	if !seen[startName] {
		t.Errorf("no check is called %q", startName)
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	if err := sample.JSON(&out); err != nil {
		t.Fatal(err)
	}
	var got []map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"name": "Go", "status": "ok", "detail": "go1.26.8", "seconds": 0.04},
		{"name": "stray processes", "status": "warn", "detail": sample[1].Detail, "fix": "kill 4711", "seconds": 12.34},
		{"name": "kernel start", "status": "fail", "detail": "no & answer", "fix": "run `make setup`", "seconds": 0.0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	out.Reset()
	if err := Report(nil).JSON(&out); err != nil || out.String() != "[]\n" {
		t.Errorf("empty report %q, %v", out.String(), err)
	}
}
