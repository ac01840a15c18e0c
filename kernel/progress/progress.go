// Package progress shows that long work is alive: a live line on a terminal, plain lines elsewhere.
package progress

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

const (
	redraw  = 200 * time.Millisecond // between two states of the live line on a terminal
	patient = 2 * time.Second        // until plain output names the work that is going on
	report  = 10 * time.Second       // between plain lines of work that says nothing itself
)

// plainWidth is how many characters of a remark go into plain output.
const plainWidth = 80

// Display shows one piece of work at a time.
type Display struct {
	out *os.File
	bar *progressbar.ProgressBar // draws the live line; nil: out is no terminal

	mu      sync.Mutex
	label   string
	note    string
	start   time.Time
	spoke   time.Time // when a line was last printed
	working bool
	named   bool // the label stands in plain output
	stop    chan struct{}
}

// New returns a display on out.
func New(out *os.File) *Display {
	d := &Display{out: out}
	if term.IsTerminal(int(out.Fd())) {
		d.bar = spinner(out, "")
	}
	return d
}

// Start begins a piece of work.
func (d *Display) Start(label string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.label, d.note, d.working, d.named = label, "", true, false
	d.start = time.Now()
	d.spoke = d.start
	d.stop = make(chan struct{})
	if d.bar != nil {
		d.bar = spinner(d.out, label)
		d.draw()
	}
	go d.tick(d.stop)
}

// Note replaces the remark that stands behind the work's label.
func (d *Display) Note(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.note = text
}

// Println prints a line that stays, above the live one.
func (d *Display) Println(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.name()
	d.println(line)
}

// Done ends the work: what became of it, and how long it took.
func (d *Display) Done(result string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.working {
		return
	}
	close(d.stop)
	d.working = false
	d.println(fmt.Sprintf("%s: %s, %s", d.label, result, Seconds(time.Since(d.start))))
}

func (d *Display) tick(stop chan struct{}) {
	every := patient
	if d.bar != nil {
		every = redraw
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			d.beat()
		}
	}
}

func (d *Display) beat() {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case !d.working:
	case d.bar != nil:
		d.draw()
	case !d.named:
		d.name()
	case time.Since(d.spoke) >= report:
		d.println("  " + d.status())
	}
}

// name puts the label above the first plain line about the work.
func (d *Display) name() {
	if d.bar == nil && d.working && !d.named {
		d.named = true
		d.println(d.label)
	}
}

func (d *Display) println(line string) {
	d.spoke = time.Now()
	if d.bar != nil {
		_ = d.bar.Clear()
	}
	fmt.Fprintln(d.out, line)
	if d.bar != nil && d.working {
		d.draw()
	}
}

// spinner is a live line for work whose end is not known: what it is, and the time
// that it has taken. It is drawn when its description is set, not by itself.
func spinner(out *os.File, label string) *progressbar.ProgressBar {
	return progressbar.NewOptions(-1,
		progressbar.OptionSetWriter(out),
		progressbar.OptionSetDescription(label),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionUseANSICodes(true),
		progressbar.OptionSpinnerType(14),
		progressbar.OptionSetSpinnerChangeInterval(0),
	)
}

// besides is the room that the spinner and the time take.
const besides = 16

func (d *Display) draw() {
	line := strings.TrimSpace(d.label + "  " + d.note)
	if width, _, err := term.GetSize(int(d.out.Fd())); err == nil && width > besides {
		line = cut(line, width-besides)
	}
	d.bar.Describe(line)
}

// status is what plain output says of work that goes on.
func (d *Display) status() string {
	return strings.TrimSpace(Seconds(time.Since(d.start)) + "  " + cut(d.note, plainWidth))
}

// cut shortens a line to a width in characters.
func cut(line string, width int) string {
	if runes := []rune(line); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return line
}

// Seconds is a time as progress shows it: "4.2 s", "1 min 04 s".
func Seconds(t time.Duration) string {
	if t < time.Minute {
		return fmt.Sprintf("%.1f s", t.Seconds())
	}
	return fmt.Sprintf("%d min %02d s", int(t.Minutes()), int(t.Seconds())%60)
}
