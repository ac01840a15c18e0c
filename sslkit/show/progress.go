package show

import (
	"fmt"
	"html"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/train"
)

// redraw is the shortest time between two states of a live display.
const redraw = 250 * time.Millisecond

// Progress returns what reports a run while it works, for the options of
// [train.Run]; a new one for every run. Each epoch prints a line on standard
// output. A notebook shows a bar, the time left and growing curves above it, a
// terminal a bar on standard error.
func Progress() func(train.Event) {
	p := &progress{out: os.Stdout, now: time.Now}
	switch {
	case gonbui.IsNotebook:
		id := "sslkit_" + gonbui.UniqueId()
		p.draw = func(e train.Event, left time.Duration) { gonbui.UpdateHTML(id, page(e, left)) }
		p.end = gonbui.Sync
		p.finish = func(r *train.Result) { tellKernel(r.Memory) }
		compiling.during(p)
	case term.IsTerminal(int(os.Stderr.Fd())):
		bar := terminalBar(os.Stderr)
		p.draw = bar.draw
		p.clear = func() { _ = bar.Clear() }
	}
	return p.report
}

// progress is the state between two events.
type progress struct {
	out   io.Writer
	now   func() time.Time
	draw  func(e train.Event, left time.Duration) // updates the live display; nil: there is none
	clear func()                                  // makes room for a line; nil: there always is
	end   func()                                  // makes sure that all is seen; nil: it is

	finish func(r *train.Result) // hears of the finished run; nil: nobody does

	mu        sync.Mutex  // of what follows
	last      train.Event // that was reported
	drawn     time.Time   // when draw was last called
	phase     train.Phase // then
	start     time.Time   // first event of training
	startStep int         // steps of the run done then
	steps     int         // of an epoch, once an event told
}

func (p *progress) report(e train.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Steps == 0 {
		e.Steps = p.steps
	}
	p.last, p.steps = e, e.Steps
	if p.clear != nil && e.Phase != train.Training {
		p.clear()
	}
	if e.Phase == train.Notice {
		fmt.Fprintln(p.out, "notice: "+e.Note)
		return
	}
	if e.Phase == train.EpochDone {
		if line := epochLine(e); line != "" {
			fmt.Fprintln(p.out, line)
		}
	}
	now := p.now()
	left := p.left(e, now)
	if p.draw != nil && (e.Phase != p.phase || now.Sub(p.drawn) >= redraw) {
		p.draw(e, left)
		p.drawn, p.phase = now, e.Phase
	}
	if p.finish != nil && e.Phase == train.Finished && e.Result != nil {
		p.finish(e.Result)
		compiling.during(nil)
	}
	if p.end != nil && (e.Phase == train.EpochDone || e.Phase == train.Finished) {
		p.end()
	}
}

// wait shows what the run waits for in place of what it does, until that is "".
func (p *progress) wait(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.last
	if text != "" {
		if done, total := steps(e); total > 0 {
			e.Step = done - (e.Epoch-1)*e.Steps // where the bar stands
		}
		e.Phase, e.Note = train.Preparing, text
	}
	p.draw(e, 0)
	if p.end != nil {
		p.end()
	}
}

// left estimates the time to the end from the steps since training began; 0 is not known.
func (p *progress) left(e train.Event, now time.Time) time.Duration {
	done, total := steps(e)
	if e.Phase != train.Training && p.start.IsZero() || total == 0 {
		return 0
	}
	if p.start.IsZero() {
		p.start, p.startStep = now, done
	}
	if done <= p.startStep {
		return 0
	}
	return time.Duration(float64(now.Sub(p.start)) * float64(total-done) / float64(done-p.startStep))
}

// steps returns the steps of the run that are done, and all of them; 0, 0 where the event does not say.
func steps(e train.Event) (done, total int) {
	if e.Steps == 0 || e.Epoch == 0 {
		return 0, 0
	}
	step := e.Step
	if e.Phase == train.EpochDone || e.Phase == train.Evaluating || e.Phase == train.Finished {
		step = e.Steps
	}
	return (e.Epoch-1)*e.Steps + step, e.Epochs * e.Steps
}

// epochLine is what stays of an epoch, with a line for a warning; "" if there is no result.
func epochLine(e train.Event) string {
	if e.Result == nil || len(e.Result.Epochs) == 0 {
		return ""
	}
	last := e.Result.Epochs[len(e.Result.Epochs)-1]
	width := len(fmt.Sprint(e.Epochs))
	line := fmt.Sprintf("epoch %*d/%d  ", width, last.Epoch, e.Epochs)
	accuracy := ""
	if e.Result.Recipe.Eval.On() {
		accuracy = fmt.Sprintf("kNN %.3f  ", last.KNN)
	}
	if last.Epoch == 0 {
		return strings.TrimSpace(line + "untrained   " + accuracy)
	}
	line += fmt.Sprintf("loss %.3f  %s", last.Loss, accuracy)
	for _, name := range slices.Sorted(maps.Keys(last.Meters)) {
		line += fmt.Sprintf("%s %.3g  ", name, last.Meters[name])
	}
	line += fmt.Sprintf("%.0f images/s", last.ImagesPerSecond)
	if last.PauseSeconds > 0 {
		line += "  paused " + duration(last.PauseSeconds)
	}
	if last.Warning != "" {
		line += "\nwarning: " + last.Warning
	}
	return line
}

// status says what is being done.
func status(e train.Event) string {
	switch e.Phase {
	case train.Preparing:
		if e.Note == "" {
			return "preparing"
		}
		return e.Note
	case train.Evaluating:
		if e.Epoch == 0 {
			return "untrained network: kNN accuracy"
		}
		return fmt.Sprintf("epoch %d/%d: kNN accuracy", e.Epoch, e.Epochs)
	case train.Finished:
		return "finished"
	}
	if e.Epoch == 0 {
		return "untrained network"
	}
	return fmt.Sprintf("epoch %d/%d", e.Epoch, e.Epochs)
}

// bar is a bar in a terminal.
type bar struct{ *progressbar.ProgressBar }

func terminalBar(out io.Writer) bar {
	return bar{progressbar.NewOptions(1,
		progressbar.OptionSetWriter(out),
		progressbar.OptionSetWidth(30),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionClearOnFinish(),
	)}
}

func (b bar) draw(e train.Event, left time.Duration) {
	if e.Phase == train.Finished {
		_ = b.Clear()
		return
	}
	text := status(e)
	if left > 0 {
		text += ", " + duration(left.Seconds()) + " left"
	}
	b.Describe(text)
	if done, total := steps(e); total > 0 {
		b.ChangeMax(total + 1) // never full, so that it stays until the end
		_ = b.Set(done)
	}
}

// page is the live display of a run in a notebook: status, bar and curves. It
// needs neither scripts nor anything from elsewhere.
func page(e train.Event, left time.Duration) string {
	text := status(e)
	fraction := 0.0
	if done, total := steps(e); total > 0 {
		fraction = float64(done) / float64(total)
	}
	if e.Phase == train.Finished {
		fraction = 1
	} else if left > 0 {
		text += ", " + duration(left.Seconds()) + " left"
	}
	if e.Result != nil {
		text = e.Result.Recipe.Name + ": " + text
	}
	if e.Result != nil && len(e.Result.Epochs) > 0 && e.Result.Recipe.Eval.On() {
		text += fmt.Sprintf(", kNN accuracy %.3f", e.Result.Last().KNN)
	}
	var b strings.Builder
	b.WriteString(`<div style="font-family:sans-serif;max-width:864px">` + pageBar(text, fraction))
	if e.Result != nil && len(e.Result.Epochs) > 0 {
		if warning := e.Result.Last().Warning; warning != "" {
			fmt.Fprintf(&b, `<div style="color:var(--jp-error-color1,#b3261e);margin-bottom:6px">%s</div>`, html.EscapeString(warning))
		}
		svg, err := Curves(e.Result).svg()
		if err != nil {
			svg = html.EscapeString(err.Error())
		}
		b.WriteString(svg)
	}
	b.WriteString("</div>")
	return b.String()
}

// pageBar is a bar as browsers draw it, below a line of text.
func pageBar(text string, fraction float64) string {
	return fmt.Sprintf(`<div>%s</div><progress style="width:100%%;max-width:864px" max="1" value="%.3f"></progress>`,
		html.EscapeString(text), fraction)
}

// Bytes returns what reports a download, for [dataset.Fetch]: a bar in a notebook
// and, on standard error, in a terminal.
func Bytes() dataset.Progress {
	return counting(progressbar.OptionShowBytes(true), func(n int64) string { return fmt.Sprintf("%d MiB", n>>20) })
}

// Count returns what reports work whose pieces are counted, such as the images
// that [dataset.Folder] decodes, in the same way as [Bytes].
func Count() dataset.Progress {
	return counting(progressbar.OptionShowCount(), func(n int64) string { return fmt.Sprint(n) })
}

// counting reports done work to whoever looks, in the unit that the option or the
// function writes.
func counting(unit progressbar.Option, write func(n int64) string) dataset.Progress {
	switch {
	case gonbui.IsNotebook:
		id := "sslkit_" + gonbui.UniqueId()
		return func(what string, done, total int64) {
			text := fmt.Sprintf("%s: %s", what, write(done))
			if total > 0 {
				text += " of " + write(total)
			}
			gonbui.UpdateHTML(id, pageBar(text, float64(done)/float64(max(total, 1))))
		}
	case !term.IsTerminal(int(os.Stderr.Fd())):
		return func(string, int64, int64) {}
	}
	return countingBar(os.Stderr, unit)
}

// countingBar is a bar in a terminal, a new one for each kind of work.
func countingBar(out io.Writer, unit progressbar.Option) dataset.Progress {
	var bar *progressbar.ProgressBar
	last := ""
	return func(what string, done, total int64) {
		if total == 0 {
			total = -1 // which makes no bar, but something that moves
		}
		if bar == nil || what != last {
			last = what
			bar = progressbar.NewOptions64(total, unit,
				progressbar.OptionSetWriter(out),
				progressbar.OptionSetDescription(what),
				progressbar.OptionThrottle(100*time.Millisecond),
				progressbar.OptionClearOnFinish(),
			)
		}
		if total != bar.GetMax64() { // which draws the bar, with what was done before
			bar.ChangeMax64(total)
		}
		_ = bar.Set64(done)
	}
}

// deviceMIME is the type of a display that the kernel keeps for itself: the
// memory of the device, which only the cell's program knows.
const deviceMIME = "application/vnd.sslkit.device+json"

// tellKernel tells the kernel the peak of a device's memory, for the reply's
// metadata and the line below a long cell.
func tellKernel(m device.Memory) {
	if !m.OnDevice() {
		return // the kernel counts the process's memory itself
	}
	gonbui.SendData(&protocol.DisplayData{Data: map[protocol.MIMEType]any{
		deviceMIME: fmt.Sprintf(`{"peak_memory": %d}`, m.Peak),
	}})
}
