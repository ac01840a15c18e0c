package run

import (
	"fmt"
	"os"
	"strings"

	"github.com/gossl/gossl/kernel/notebook"
	"github.com/gossl/gossl/kernel/progress"
)

// summaryTag marks cells whose output is shown at the end, not while they run.
const summaryTag = "summary"

// watch shows how a run goes on a terminal.
type watch struct {
	notebook notebook.Notebook
	total    int // code cells
	display  *progress.Display

	number  int    // of the running cell among the code cells, from 1
	title   string // of the running cell
	summary bool   // the running cell is a summary
	line    string // the unfinished line the cell is printing
	last    strings.Builder
}

func newWatch(n notebook.Notebook, out *os.File) *watch {
	w := &watch{notebook: n, display: progress.New(out)}
	for _, cell := range n.Cells {
		if cell.Runs() {
			w.total++
		}
	}
	w.display.Start("Start the kernel")
	return w
}

// cell begins a cell.
func (w *watch) cell(index int) {
	w.number++
	w.title, w.summary = w.notebook.Title(index), w.notebook.Cells[index].HasTag(summaryTag)
	w.display.Start(fmt.Sprintf("[%d/%d] %s", w.number, w.total, w.title))
}

// done ends the work that is shown: the kernel's start, or a cell.
func (w *watch) done(result string) {
	w.endLine()
	w.display.Done(result)
}

// output shows the lines a cell prints. A line that rewrites itself is shown as it is in the end.
func (w *watch) output(stream, text string) {
	if w.summary && stream == "stdout" {
		w.last.WriteString(text)
		return
	}
	text = w.line + text
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
