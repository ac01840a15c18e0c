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
	// crashes finds the beginning of what Go's runtime prints when a program crashes. It
	// may be in the middle of a line: that of the program, if that has not ended.
	crashes = regexp.MustCompile(`(?m)panic: |fatal error: |^runtime: |^SIG[A-Z]+: |^goroutine \d+ `)
	// goroutine finds the beginning of a stack, which programs print themselves, too.
	goroutine = regexp.MustCompile(`^goroutine \d+ `)
	// fatal finds the beginning of a fatal error, and that of a signal's, which nobody but the runtime prints.
	fatal = regexp.MustCompile(`^(?:(?:runtime: .*\n)*fatal error: .*\n(?:.*\n)?\n(?:runtime stack:|goroutine \d+ )|SIG[A-Z]+: .*\nPC=0x)`)
)

// crash is text that a process has printed, and that becomes the traceback of the cell's
// error if the process then ends. Until that is known it is held back; if the process
// goes on, it is published. front.mu guards it.
type crash struct {
	text    strings.Builder // all of it
	held    int             // how many bytes at the end of text are not published yet
	holding bool            // what comes next is held back, too
	at      time.Time       // when the last of it came
	over    bool            // other text came after it: it is no crash
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

// release stops holding back, and returns the text that was held back.
func (c *crash) release() string {
	text := c.text.String()
	held := text[len(text)-c.held:]
	c.held, c.holding = 0, false
	return held
}

// release publishes what was held back of a cell's text: its process goes on.
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

// quiet is how long to wait for more of a crash before it is taken for other text.
func (f *front) quiet(c *crash) time.Duration {
	text := c.text.String()
	if fatal.MatchString(text[:min(len(text), traced)]) {
		return f.limits.Fatal
	}
	return f.limits.Quiet
}

// trace is the text in which to look for the reason of the process's end: the crash, of a
// long one its beginning and its end, or "" if the process printed other text last. If
// the process took long to end, the text has been published already.
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
