package front

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
	"github.com/gossl/gossl/kernel/gonb/lines"
)

// ending is how a cell failed.
type ending struct {
	name, value string
	traceback   []string
	page        string // HTML that says the same; "" for none
	crash       bool   // the traceback is what the process printed in the end
}

// notBuilt is how a cell fails that does not compile, before it is known what to say of it.
var notBuilt = &ending{name: "BuildError"}

// failed says how a cell failed that GoNB has replied to; nil if it did not.
func (f *front) failed(r *running) *ending {
	gonb := content{}
	if err := json.Unmarshal(r.reply.Content, &gonb); err != nil {
		f.log("GoNB's execute_reply: %v", err)
	}
	f.mu.Lock()
	e, build := r.ending(gonb, f.index), r.build
	f.mu.Unlock()
	if e == notBuilt {
		return f.buildFailure(build.Text) // which asks the go command: nothing is to wait for that
	}
	return e
}

// ending says how a cell failed; nil if it did not. front.mu is held.
func (r *running) ending(gonb content, index *lines.Index) *ending {
	switch {
	case r.interrupted && (r.end == nil || r.end.Code != 0):
		return r.stopped(index)
	case r.build != nil && r.build.Code != 0:
		return notBuilt
	case gonb["status"] == "error":
		return &ending{name: "GoNB", value: strings.TrimSpace(fmt.Sprint(gonb["evalue"])), traceback: texts(gonb["traceback"])}
	case r.failed != nil:
		return r.failed
	case r.end != nil && r.end.Code != 0:
		return r.died(index)
	case r.failure != nil:
		return r.failure
	case r.command != "":
		return &ending{name: "Command", value: r.command}
	}
	return nil
}

// shownError is how a cell fails whose last expression is an error. The frame has its type, a
// line feed, and its text.
func shownError(frame string) *ending {
	kind, text, _ := strings.Cut(frame, "\n")
	return &ending{name: "error", value: text, traceback: []string{"\x1b[31merror\x1b[0m: " + text, "the cell's last expression is a " + kind}}
}

// stopped is how a cell fails that was interrupted. Of one that was in a deadlock it
// tells where its goroutines were waiting.
func (r *running) stopped(index *lines.Index) *ending {
	e := &ending{name: "Interrupt", value: "the cell was interrupted"}
	if r.end == nil || r.end.Note == "" {
		return e
	}
	e.value += "; " + r.end.Note
	if name, _, trace := lines.Trace(r.crash.trace(), index); name == "SIGQUIT" {
		stacks := slices.Index(trace, "")
		e.traceback, e.crash = append([]string{"\x1b[31mInterrupt\x1b[0m: " + e.value}, trace[max(0, stacks):]...), true
	}
	return e
}

// died is how a cell fails whose process crashed, was killed, or ended with an exit
// status other than 0.
func (r *running) died(index *lines.Index) *ending {
	if name, reason, trace := lines.Trace(r.crash.trace(), index); name != "" {
		return &ending{name: name, value: reason, traceback: trace, crash: true}
	}
	switch {
	case r.end.Text != "":
		return &ending{name: "Kernel", value: r.end.Text}
	case r.end.Signal != "":
		return &ending{name: "Signal", value: "signal: " + r.end.Signal}
	}
	return &ending{name: "Exit", value: fmt.Sprintf("exit status %d", r.end.Code)}
}

// texts is a JSON list of strings.
func texts(list any) []string {
	values, _ := list.([]any) // what is no list has no entries
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = fmt.Sprint(v)
	}
	return all
}

// syntax looks for errors that GoNB would report of its own text rather than of
// the cell's. The file is the name of the cell in positions.
func (f *front) syntax(file, code string) *ending {
	found := gonb.SyntaxErrors(code)
	if len(found) == 0 {
		return nil
	}
	var output strings.Builder
	for _, e := range found {
		fmt.Fprintf(&output, "./%s:%s: syntax error: %s\n", file, e.At, e.Message)
	}
	return f.buildFailure(output.String())
}

// buildFailure is how a cell fails that does not compile: the compiler's messages, at the
// cells' own lines. The value has them as text and the page as HTML, of which a client
// shows one; the traceback does not repeat them.
func (f *front) buildFailure(output string) *ending {
	text, page := lines.Explain(output+f.advice(output), f.index, f.history.code, f.packages)
	return &ending{name: "BuildError", value: text, page: page, traceback: []string{"\x1b[31mBuildError\x1b[0m: the cell does not compile"}}
}
