package front

import (
	"encoding/json"
	"fmt"

	"github.com/gossl/gossl/kernel/event"
	"github.com/gossl/gossl/kernel/gonb/value"
	"github.com/gossl/gossl/kernel/pipes"
	"github.com/gossl/gossl/kernel/wire"
)

// MIME types of displays that mean something to the kernel and are not shown.
const (
	clearMIME  = "application/vnd.sslkit.clear_output+json"
	deviceMIME = "application/vnd.sslkit.device+json"
)

// outputs publishes what cells and commands write. It is the handler of the
// front's pipes, whose methods are called one at a time.
type outputs struct{ *front }

// current is the running cell, and the request that outputs belong to. Between cells
// that is the last one: processes that its cell left running may still write.
func (f *front) current() (*running, *wire.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running != nil {
		return f.running, f.running.request
	}
	return nil, f.last
}

// output publishes an output of a cell.
func (f *front) output(request *wire.Message, kind string, c any) {
	if request != nil {
		f.publish(kind, request, c)
	}
}

// Text publishes text. The text of a crash is held back: it becomes the traceback.
func (o outputs) Text(stream pipes.Stream, text string) {
	r, request := o.current()
	if r != nil && r.pipes != nil {
		if err := r.pipes.Copy(stream, text); err != nil {
			o.Failed(err)
		}
	}
	if r != nil && stream == pipes.Stderr {
		text = o.holdCrash(r, text)
	} else {
		o.release(r)
	}
	if text != "" {
		o.output(request, "stream", content{"name": stream, "text": text})
	}
}

// Shown keeps the value of a cell's last expression: it is the cell's result.
func (o outputs) Shown(_ *pipes.Cell, data map[string]string) {
	if r, _ := o.current(); r != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if text, ok := data[value.ErrorMIME]; ok {
			r.failure = shownError(text)
			return
		}
		r.shown = append(r.shown, data)
	}
}

// Display publishes what a cell displays.
func (o outputs) Display(_ *pipes.Cell, d pipes.Display) (copied bool) {
	r, request := o.current()
	o.release(r)
	if o.forKernel(r, request, d) {
		return false
	}
	kind, transient := "display_data", content{}
	if id := d.ID; id != "" {
		transient["display_id"] = id
		if o.updatable[id] {
			kind = "update_display_data"
		}
		o.updatable[id] = true
	}
	metadata := d.Metadata
	if metadata == nil {
		metadata = map[string]any{}
	}
	o.output(request, kind, content{"data": d.Data, "metadata": metadata, "transient": transient})
	o.mu.Lock()
	defer o.mu.Unlock()
	return r != nil && r.captures
}

// Input asks for input; the cell reads the answer, when it is there.
func (o outputs) Input(_ *pipes.Cell, i pipes.Input) {
	if r, _ := o.current(); r != nil {
		o.requestInput(r, i)
	}
}

// forKernel deals with the displays that are for the kernel, and says whether it was one.
func (f *front) forKernel(r *running, request *wire.Message, d pipes.Display) bool {
	if _, ok := d.Data[clearMIME]; ok {
		f.output(request, "clear_output", content{"wait": true}) // GoNB has no such call
		return true
	}
	device, ok := d.Data[deviceMIME]
	if text, valid := device.(string); valid && r != nil && json.Valid([]byte(text)) {
		f.mu.Lock()
		r.device = json.RawMessage(text)
		f.mu.Unlock()
	}
	return ok
}

// Failed tells of what went wrong with a pipe.
func (o outputs) Failed(err error) {
	_, request := o.current()
	o.output(request, "stream", content{"name": pipes.Stderr, "text": fmt.Sprintf("sslkit-kernel: %v\n", err)})
	o.log("%v", err)
}

// spare are the pipes of the next cell, or why there are none.
type spare struct {
	pipes *pipes.Cell
	err   error
}

// keepSpare makes the pipes of cells before they are needed.
func (f *front) keepSpare() {
	for {
		c, err := f.pipes.Open()
		select {
		case f.spare <- spare{c, err}:
		case <-f.ctx.Done():
			return // the reader closes them
		}
	}
}

// openPipes gives a cell whose launcher has started its pipes.
func (f *front) openPipes(r *running, e event.Event) event.Answer {
	var s spare
	select {
	case s = <-f.spare:
	case <-f.ctx.Done():
		return event.Answer{}
	}
	if s.err != nil {
		outputs{f}.Failed(s.err)
		return event.Answer{}
	}
	c := s.pipes
	c.Start(e.PID, pipes.GoNB{Displays: e.Pipes[0], Answers: e.Pipes[1], Gone: f.child.Gone()})
	if r.captures {
		if err := c.Capture(); err != nil {
			outputs{f}.Failed(err)
		}
	}
	f.pipes.Do(func() { r.pipes = c })
	return event.Answer{Stdin: f.stdin.path, Displays: c.Displays, Answers: c.Answers, Shown: c.Shown}
}

// closePipes takes the last of a cell whose process has ended.
func (f *front) closePipes(r *running) {
	f.pipes.Drain(true)
	var c *pipes.Cell
	f.pipes.Do(func() { c, r.pipes = r.pipes, nil })
	if c != nil {
		c.End()
		f.goes.Go(c.Close)
	}
}
