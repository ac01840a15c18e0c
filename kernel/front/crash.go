package front

import (
	"regexp"
	"strings"
	"time"

	"github.com/gossl/gossl/kernel/pipes"
)

const (
	// mostHeld is how much of a crash is held back at most, bytes.
	mostHeld = 16 << 20
	// traced is how much of both ends of a longer crash is looked at, bytes.
	traced = 1 << 20
)

var (
	// crashes begins what Go's runtime prints when a program crashes: in the middle of
	// a line, if the program has not ended its own.
	crashes = regexp.MustCompile(`(?m)panic: |fatal error: |^runtime: |^SIG[A-Z]+: |^goroutine \d+ `)
	// goroutine begins the part of it that programs print themselves, too.
	goroutine = regexp.MustCompile(`^goroutine \d+ `)
	// fatal is what only the runtime prints.
	fatal = regexp.MustCompile(`^(?:runtime: .*\n)*fatal error: .*\n(?:.*\n)?\n(?:runtime stack:|goroutine \d+ )`)
)

// crash is what a process printed that may be its crash. front.mu guards it.
type crash struct {
	text    strings.Builder // all of it
	held    int             // how much of the end of text is not published
	holding bool            // what comes is held back
	at      time.Time       // of the last of it
	over    bool            // something else came after it
}

// holdCrash holds back what may be a crash, and returns what is not.
func (f *front) holdCrash(r *running, text string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := &r.crash
	before := ""
	if !c.holding {
		at := crashes.FindStringIndex(text)
		if at == nil {
			c.over = true
			return text
		}
		before, text = text[:at[0]], text[at[0]:]
		if c.over || before != "" || !goroutine.MatchString(text) {
			c.text.Reset()
		}
		c.holding, c.over, c.held = true, false, 0
		f.after(f.limits.Quiet, func() { f.releaseQuiet(r) })
	}
	c.text.WriteString(text)
	c.held += len(text)
	c.at = time.Now()
	if c.held > mostHeld {
		before += c.release()
	}
	return before
}

// release stops to hold back, and returns what was.
func (c *crash) release() string {
	text := c.text.String()
	held := text[len(text)-c.held:]
	c.held, c.holding = 0, false
	return held
}

// release publishes what was held back: the process goes on.
func (f *front) release(r *running) {
	if r == nil {
		return
	}
	f.mu.Lock()
	text := r.crash.release()
	f.mu.Unlock()
	if text != "" {
		f.output(r.request, "stream", content{"name": pipes.Stderr, "text": text})
	}
}

// releaseQuiet releases when nothing has come for some time.
func (f *front) releaseQuiet(r *running) {
	f.pipes.Do(func() { // between two outputs
		f.mu.Lock()
		left := time.Until(r.crash.at.Add(f.quiet(&r.crash)))
		waits := r.crash.holding && f.running == r
		f.mu.Unlock()
		switch {
		case waits && left > 0:
			f.after(left, func() { f.releaseQuiet(r) })
		case waits:
			f.release(r)
		}
	})
}

// quiet is how long nothing may come of a crash.
func (f *front) quiet(c *crash) time.Duration {
	text := c.text.String()
	if fatal.MatchString(text[:min(len(text), traced)]) {
		return f.limits.Fatal
	}
	return f.limits.Quiet
}

// trace is the text of the crash for those who look for its reason: both ends of
// it; "" if the process printed something else in the end. It may have been
// published, if the process took its time to end.
func (c *crash) trace() string {
	text := c.text.String()
	if c.over {
		return ""
	}
	if len(text) <= 2*traced {
		return text
	}
	return text[:traced] + "\n…\n" + text[len(text)-traced:]
}
