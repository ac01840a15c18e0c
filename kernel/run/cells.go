package run

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gossl/gossl/kernel/install/spec"
	"github.com/gossl/gossl/kernel/notebook"
	"github.com/gossl/gossl/kernel/proc"
	"github.com/gossl/gossl/kernel/wire"
)

// timingKey is the field of a reply's and a cell's metadata that says what the cell took.
const timingKey = "sslkit"

// Tags that mean to run what they mean to Jupyter.
const (
	raisesTag = "raises-exception" // the cell is meant to fail
	skipTag   = "skip-execution"   // the cell is left as it is
)

// run executes the cells of a notebook.
type run struct {
	options  Options
	document *notebook.Document
	client   *wire.Client
	stderr   *proc.Tail // of the kernel
	watch    *watch
	outputs  outputs
	results  map[int]*result // by cell
	language json.RawMessage // as the kernel tells; nil if it does not
}

// result is what became of a cell.
type result struct {
	number  int // among the code cells, from 1
	outputs []*output
	count   int
	timing  json.RawMessage
	took    time.Duration
	failure *cellError
}

// limitError is the error of a cell or notebook that runs too long.
type limitError struct {
	what  string
	limit time.Duration
}

func (e limitError) Error() string {
	return fmt.Sprintf("%s ran longer than %g s", e.what, e.limit.Seconds())
}

const wholeNotebook = "the notebook"

// limited bounds a context, but for no limit at all.
func limited(ctx context.Context, what string, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, limit, limitError{what, limit})
}

// cells executes all cells, up to the first that fails unless errors are allowed. ctx
// is done when the user wants no more.
func (r *run) cells(ctx context.Context) error {
	whole, cancel := limited(ctx, wholeNotebook, r.options.Timeout)
	defer cancel()
	number := 0
	for i, cell := range r.document.Notebook.Cells {
		if !cell.Runs() {
			continue
		}
		number++
		r.watch.cell(i)
		if cell.HasTag(skipTag) {
			r.watch.done("skipped, by its tag")
			continue
		}
		done := &result{number: number}
		r.results[i] = done
		start := time.Now()
		text, fatal := r.cell(whole, done, cell.Source)
		done.took = time.Since(start)
		if text == "" {
			r.watch.done("ok")
			continue
		}
		if !fatal && cell.HasTag(raisesTag) {
			r.watch.done("failed, as it should")
			continue
		}
		r.watch.done("failed")
		done.failure = &cellError{Notebook: r.options.Notebook, Number: number, Title: r.document.Notebook.Title(i), Text: text}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if fatal || !r.options.AllowErrors {
			return done.failure
		}
	}
	return nil
}

// cell executes a cell and says why it failed, and whether later cells cannot run
// because of that.
func (r *run) cell(ctx context.Context, done *result, source string) (text string, fatal bool) {
	ctx, cancel := limited(ctx, "the cell", r.options.CellTimeout)
	defer cancel()
	r.outputs.begin()
	defer func() { done.outputs = r.outputs.cell }()
	if ctx.Err() != nil {
		return context.Cause(ctx).Error(), true
	}
	var stderr strings.Builder
	reply, err := execute(ctx, r.client, cmp.Or(r.options.patience, stopTime), source, func(m *wire.Message) {
		p, err := r.outputs.add(m)
		if err != nil {
			r.watch.output("stderr", err.Error()+"\n")
		}
		if m.Header.Type == "stream" {
			if p.Name == "stderr" {
				stderr.WriteString(p.Text)
			}
			r.watch.output(p.Name, p.Text)
		}
		if isPanic(p.EName) {
			r.watch.output("stderr", strings.Join(p.Traceback, "\n")+"\n")
		}
	})
	if ctx.Err() != nil {
		var limit limitError
		text = context.Cause(ctx).Error()
		if errors.As(context.Cause(ctx), &limit) {
			r.note("Timeout", text)
		}
		return text, err != nil || limit.what == wholeNotebook
	}
	if err != nil {
		text = strings.TrimSpace(err.Error() + "\n" + r.stderr.String())
		r.note("KernelDied", text)
		return text, true
	}
	return r.failure(reply, done, stderr.String()), false
}

// failure is what a reply says went wrong.
func (r *run) failure(reply *wire.Message, done *result, stderr string) string {
	var c struct {
		Status string `json:"status"`
		Count  int    `json:"execution_count"`
		EName  string `json:"ename"`
		EValue string `json:"evalue"`
	}
	if err := json.Unmarshal(reply.Content, &c); err != nil {
		return fmt.Sprintf("the kernel's reply %s: %v", reply.Content, err)
	}
	done.count, done.timing = c.Count, metadata(reply)[timingKey]
	switch {
	case c.Status == "ok":
		return ""
	case c.Status == "aborted":
		return "the kernel aborted it"
	case isPanic(c.EName):
		return c.EName + ": " + c.EValue
	case c.EValue == "":
		return c.EName
	case c.EName == "Exit":
		return strings.TrimSuffix(c.EValue+": "+lastLine(stderr), ": ")
	}
	return c.EValue
}

// lastLine is the last line of a text that is not empty.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// metadata is a message's metadata.
func metadata(m *wire.Message) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	if json.Unmarshal(m.Metadata, &fields) != nil {
		return nil // a message without readable metadata has none
	}
	return fields
}

// isPanic says whether an error's name is one that Go puts before a stack.
func isPanic(name string) bool { return name == "panic" || name == "fatal error" }

// note adds an error to the outputs that the kernel did not tell of.
func (r *run) note(name, text string) {
	r.outputs.cell = append(r.outputs.cell, &output{Output: notebook.Output{
		Type: notebook.Error, EName: name, EValue: text, Traceback: []string{name + ": " + text},
	}})
}

// fill writes what became of the cells into the notebook.
func (r *run) fill() error {
	for i, cell := range r.document.Notebook.Cells {
		if cell.Type != notebook.Code || cell.HasTag(skipTag) {
			continue
		}
		done := r.results[i]
		if done == nil {
			done = &result{}
		}
		if err := r.document.SetResult(i, done.count, final(done.outputs), timingKey, done.timing); err != nil {
			return err
		}
	}
	if r.language == nil {
		return nil
	}
	return r.document.SetLanguage(r.language, spec.Name, spec.Display, spec.Language)
}

// askLanguage asks the kernel what to write of its language into the notebook.
func (r *run) askLanguage(ctx context.Context) {
	var info struct {
		Language json.RawMessage `json:"language_info"`
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	reply, err := r.client.Request(ctx, wire.Shell, "kernel_info_request", nil)
	if err == nil && json.Unmarshal(reply.Content, &info) == nil {
		r.language = info.Language // else a cell tells what is wrong with the kernel
	}
}
