package doctor

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// symbols stand in front of checks.
var symbols = map[Status]string{OK: "✓", Warn: "!", Fail: "✗"}

// Table shows checks as they are made, a line each, and below what is not well what to do about it.
type Table struct {
	Out  io.Writer
	Live bool // Out is a terminal: it shows the check that is being made
}

// nameWidth is the longest name's.
const nameWidth = len("stray processes")

// indent is what stands in front of the lines below a check's first.
var indent = strings.Repeat(" ", len("  x ")+nameWidth+len("  00.0 s  "))

// Start shows that a check is being made.
func (t Table) Start(name string) {
	if t.Live {
		fmt.Fprintf(t.Out, "  … %s", name)
	}
}

// Done shows the result of a check.
func (t Table) Done(c Check) {
	if t.Live {
		fmt.Fprint(t.Out, "\r\x1b[K")
	}
	detail := strings.ReplaceAll(c.Detail, "\n", "\n"+indent)
	fmt.Fprintf(t.Out, "  %s %-*s %5.1f s  %s\n", symbols[c.Status], nameWidth, c.Name, c.Seconds, detail)
	if c.Fix != "" {
		fmt.Fprintf(t.Out, "%s→ %s\n", indent, strings.ReplaceAll(c.Fix, "\n", "\n"+indent))
	}
}

// Summary shows how many checks ended how.
func (t Table) Summary(r Report) {
	count := map[Status]int{}
	seconds := 0.0
	for _, c := range r {
		count[c.Status]++
		seconds += c.Seconds
	}
	fmt.Fprintf(t.Out, "\n%d ok, %d warn, %d fail, %.0f s\n", count[OK], count[Warn], count[Fail], seconds)
}

// Silent observes checks and shows nothing.
type Silent struct{}

// Start does nothing.
func (Silent) Start(string) {}

// Done does nothing.
func (Silent) Done(Check) {}

// JSON writes the report as an array.
func (r Report) JSON(out io.Writer) error {
	if r == nil {
		r = Report{}
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", " ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("doctor: %w", err)
	}
	return nil
}
