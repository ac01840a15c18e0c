// Package progress shows that long work is alive: a live line on a terminal, plain lines elsewhere.
package progress

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

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
	out  *os.File
	live bool // out is a terminal

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
	return &Display{out: out, live: term.IsTerminal(int(out.Fd()))}
}

// Start begins a piece of work.
func (d *Display) Start(label string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.label, d.note, d.working, d.named = label, "", true, false
	d.start = time.Now()
	d.spoke = d.start
	d.stop = make(chan struct{})
	if d.live {
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
	d.println(fmt.Sprintf("%s: %s, %s", d.label, result, seconds(time.Since(d.start))))
}

func (d *Display) tick(stop chan struct{}) {
	every := patient
	if d.live {
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
	case d.live:
		d.draw()
	case !d.named:
		d.name()
	case time.Since(d.spoke) >= report:
		d.println("  " + d.status())
	}
}

// name puts the label above the first plain line about the work.
func (d *Display) name() {
	if !d.live && d.working && !d.named {
		d.named = true
		d.println(d.label)
	}
}

func (d *Display) println(line string) {
	d.spoke = time.Now()
	if !d.live {
		fmt.Fprintln(d.out, line)
		return
	}
	fmt.Fprintf(d.out, "\r\x1b[K%s\n", line)
	if d.working {
		d.draw()
	}
}

func (d *Display) draw() {
	line := d.label + "  " + d.status()
	if width, _, err := term.GetSize(int(d.out.Fd())); err == nil && width > 1 {
		line = cut(line, width-1)
	}
	fmt.Fprintf(d.out, "\r\x1b[K%s", line)
}

func (d *Display) status() string {
	note := d.note
	if !d.live {
		note = cut(note, plainWidth)
	}
	return strings.TrimSpace(seconds(time.Since(d.start)) + "  " + note)
}

// cut shortens a line to a width in characters.
func cut(line string, width int) string {
	if runes := []rune(line); len(runes) > width {
		return string(runes[:width-1]) + "…"
	}
	return line
}

func seconds(t time.Duration) string {
	if t < time.Minute {
		return fmt.Sprintf("%.1f s", t.Seconds())
	}
	return fmt.Sprintf("%d min %02d s", int(t.Minutes()), int(t.Seconds())%60)
}
