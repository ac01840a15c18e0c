package execute

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/gossl/gossl/kernel/notebook"
	"github.com/gossl/gossl/kernel/progress"
)

// SummaryTag marks cells whose output is shown at the end, not while they run.
const SummaryTag = "summary"

// An event is what the driver says, one JSON object a line.
type event struct {
	Kind   string // cell, output, done or failed
	Cell   int    // index, of cell
	Stream string // stdout or stderr, of output
	Text   string // of output and failed
}

// watch shows the driver's events on a terminal.
type watch struct {
	file     string
	notebook notebook.Notebook
	total    int // code cells
	display  *progress.Display

	number  int    // of the running cell among the code cells, from 1
	title   string // of the running cell
	summary bool   // the running cell is a summary
	part    []byte // of an event's line
	line    string // the unfinished line the cell is printing
	last    strings.Builder

	failure     *CellError
	kernelError string
}

func newWatch(file string, n notebook.Notebook, out *os.File) *watch {
	w := &watch{file: file, notebook: n, display: progress.New(out)}
	for _, cell := range n.Cells {
		if cell.Runs() {
			w.total++
		}
	}
	w.display.Start("Start the kernel")
	return w
}

// Write takes the driver's standard output.
func (w *watch) Write(p []byte) (int, error) {
	w.part = append(w.part, p...)
	for {
		line, rest, ok := bytes.Cut(w.part, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		w.part = rest
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return 0, fmt.Errorf("driver said %q: %w", line, err)
		}
		w.show(e)
	}
}

func (w *watch) show(e event) {
	switch e.Kind {
	case "cell":
		if w.number == 0 {
			w.display.Done("ready")
		}
		w.number++
		cell := w.notebook.Cells[e.Cell]
		w.title, w.summary = w.notebook.Title(e.Cell), cell.HasTag(SummaryTag)
		w.display.Start(fmt.Sprintf("[%d/%d] %s", w.number, w.total, w.title))
	case "output":
		w.output(e)
	case "done":
		w.endLine()
		w.display.Done("ok")
	case "failed":
		w.endLine()
		w.display.Done("failed")
		if w.number == 0 {
			w.kernelError = e.Text
			return
		}
		w.failure = &CellError{Notebook: w.file, Number: w.number, Title: w.title, Text: e.Text}
	}
}

// output shows the lines a cell prints. A line that rewrites itself is shown as it is in the end.
func (w *watch) output(e event) {
	if w.summary && e.Stream == "stdout" {
		w.last.WriteString(e.Text)
		return
	}
	text := w.line + e.Text
	for {
		line, rest, ok := strings.Cut(text, "\n")
		if !ok {
			w.line = text
			w.display.Note(strings.TrimSpace(rewritten(text)))
			return
		}
		w.display.Println("  " + rewritten(line))
		text = rest
	}
}

// endLine shows a last line without a newline.
func (w *watch) endLine() {
	if w.line != "" {
		w.display.Println("  " + rewritten(w.line))
		w.line = ""
	}
}

// rewritten is what a terminal shows of a line with carriage returns.
func rewritten(line string) string {
	line = strings.TrimRight(line, "\r")
	return line[strings.LastIndex(line, "\r")+1:]
}

// end closes the display: with the files that are written, and the summary last.
func (w *watch) end(files ...string) {
	w.display.Done("stopped")
	for _, name := range files {
		if _, err := os.Stat(name); name != "" && err == nil {
			w.display.Println("Wrote " + name)
		}
	}
	if w.last.Len() > 0 {
		w.display.Println("\n" + strings.TrimRight(w.last.String(), "\n"))
	}
}
