package front

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gossl/gossl/kernel/gonb"
	"github.com/gossl/gossl/kernel/wire"
)

// order is the content of an execute_request.
type order struct {
	Code         string         `json:"code"`
	Silent       bool           `json:"silent"`
	StoreHistory bool           `json:"store_history"`
	Expressions  map[string]any `json:"user_expressions"`
	AllowStdin   bool           `json:"allow_stdin"`
	StopOnError  bool           `json:"stop_on_error"`
}

// readOrder is the order of an execute_request. What it leaves out is as the
// protocol says; a silent cell is in no history.
func readOrder(request *wire.Message) (order, error) {
	o := order{StoreHistory: true, StopOnError: true, AllowStdin: true}
	given := struct{ Code *string }{}
	err := errors.Join(json.Unmarshal(request.Content, &o), json.Unmarshal(request.Content, &given))
	if err == nil && given.Code == nil {
		err = errors.New("it has no code")
	}
	o.StoreHistory = o.StoreHistory && !o.Silent
	return o, err
}

// enqueue has a cell executed after those before it.
func (f *front) enqueue(s *wire.Socket, request *wire.Message) {
	select {
	case f.queue <- request:
	default:
		f.decline(s, request, "QueueFull", fmt.Sprintf("%d cells are waiting already", queueSize))
	}
}

// decline answers a cell that is not executed, and has no number of its own.
func (f *front) decline(s *wire.Socket, request *wire.Message, name, value string) {
	c := failure(name, value)
	f.mu.Lock()
	c["execution_count"] = f.count
	f.mu.Unlock()
	f.answer(s, request, c)
}

// work executes the queued cells, one at a time. A cell that fails takes with it
// those that were queued by then.
func (f *front) work() {
	defer close(f.worked)
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-f.child.Gone():
			f.abort(len(f.queue))
			return
		case request := <-f.queue:
			if f.child.ended() {
				f.answer(f.jupyter.shell, request, content{"status": "aborted"})
				continue
			}
			f.abort(f.execute(request))
		}
	}
}

// abort answers the next cells of the queue, which are not executed.
func (f *front) abort(cells int) {
	for range cells {
		f.answer(f.jupyter.shell, <-f.queue, content{"status": "aborted"})
	}
}

// execute executes a cell and says how many of those after it must not run.
func (f *front) execute(request *wire.Message) (behind int) {
	o, err := readOrder(request)
	if err != nil {
		f.decline(f.jupyter.shell, request, "BadRequest", "execute_request: "+err.Error())
		return 0
	}
	if o.Silent {
		f.hush.Store(&hush{request: request.Header.ID})
		defer f.hush.Store(nil)
	}
	r := newRunning(request, o)
	r.count = f.number(o)
	f.session.Number = r.count
	f.runs(r)
	defer f.runs(nil)
	rewritten, e := f.forGoNB(r)
	if e != nil {
		return f.refuse(r, e)
	}
	o.Code, o.Expressions = rewritten.Code, map[string]any{} // those are ours to evaluate
	if err := f.begin(r); err != nil {
		return f.refuse(r, &ending{name: "Kernel", value: err.Error()})
	}
	if f.interrupted(r) { // before there was anything to stop
		f.over(r)
		return f.refuse(r, r.stopped(f.index))
	}
	if !f.pass(r, o) {
		f.over(r)
		f.end(r, gonbGone)
		return r.behind
	}
	built := f.built(r)
	f.session.Built(built)
	if rewritten.Files != nil {
		f.index.Built(built)
	}
	f.over(r)
	e, stopped := f.failed(r), false
	if e == nil && len(r.order.Expressions) > 0 {
		before := f.interrupted(r)
		r.expressions = f.evaluate(r)
		stopped = f.interrupted(r) && !before
	}
	f.finish(r, e)
	if stopped || e != nil && (o.StopOnError || f.interrupted(r)) {
		return r.behind
	}
	return 0
}

// forGoNB makes of a cell what GoNB is to run, or says why GoNB must not see it.
func (f *front) forGoNB(r *running) (gonb.Rewritten, *ending) {
	code := r.order.Code
	if reason := f.unusable(code); reason != "" {
		return gonb.Rewritten{}, &ending{name: "Module", value: reason}
	}
	c, err := f.session.Rewrite(code)
	if err != nil {
		return c, &ending{name: "Refused", value: err.Error()}
	}
	if c.Files != nil { // the cell is Go
		file := f.index.Add(r.count, c.Code)
		if e := f.syntax(file, c.Code); e != nil {
			return c, e
		}
	}
	if err := f.prepare(c.Files); err != nil {
		return c, &ending{name: "Kernel", value: err.Error()}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	r.captures, r.password, r.speaks = c.Captures, c.Password, c.Speaks
	return c, nil
}

// built says whether GoNB has built a cell.
func (f *front) built(r *running) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return r.build != nil && r.build.Code == 0
}

// interrupted says whether a cell was.
func (f *front) interrupted(r *running) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return r.interrupted
}

// number is the cell's number: one that is not stored has that of the cell before.
func (f *front) number(o order) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o.StoreHistory {
		f.count++
		f.history.add(f.count, o.Code)
	} else {
		f.history.passing = past{f.count, o.Code}
	}
	return f.count
}

// gonbGone is how a cell fails that GoNB did not survive.
var gonbGone = &ending{name: "KernelDied", value: "GoNB ended while the cell was running"}

// begin prepares input and bookkeeping for code that GoNB is about to run.
func (f *front) begin(r *running) error {
	if err := f.stdin.renew(); err != nil {
		return err
	}
	f.runs(r)
	f.goes.Go(func() { f.watchInput(r) })
	return nil
}

// over publishes the last outputs of a cell that GoNB has done with.
func (f *front) over(r *running) {
	f.pipes.Drain(true)
	close(r.ended)
}

// runs notes which cell runs; nil for none.
func (f *front) runs(r *running) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running = r; r != nil {
		f.last = r.request
	}
}

// pass gives a cell to GoNB and waits for its end; false if GoNB ended first.
func (f *front) pass(r *running, o order) bool {
	rewritten, err := json.Marshal(o)
	if err != nil {
		f.log("execute_request: %v", err)
		return false
	}
	request := *r.request
	request.Content = rewritten
	p, err := f.forward(f.gonb.shell, nil, &request)
	if err != nil {
		f.log("%v", err)
		return false
	}
	select {
	case r.reply = <-p.reply:
	case <-f.child.Gone():
		return false
	}
	select {
	case <-r.idle:
		return true
	case <-f.child.Gone():
		return false
	}
}

// refuse ends a cell that GoNB must not see. It returns how many after it must not run.
func (f *front) refuse(r *running, e *ending) (behind int) {
	f.publish("status", r.request, content{"execution_state": "busy"})
	f.publish("execute_input", r.request, content{"code": r.order.Code, "execution_count": r.count})
	f.end(r, e)
	if !r.order.StopOnError && !f.interrupted(r) {
		return 0
	}
	return r.behind
}

// prepare writes the files that GoNB builds with the cell but never reads, and
// what the shim needs to name the cells' lines.
func (f *front) prepare(files map[string]string) error {
	if err := f.index.Save(f.dir.cells()); err != nil {
		return err
	}
	for name, text := range files {
		path := filepath.Join(f.workDir(), name)
		if text == "" {
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("front: %w", err)
			}
			continue
		}
		if old, err := os.ReadFile(path); err == nil && string(old) == text {
			continue // written anew, with a new time, the go command would read it again
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return fmt.Errorf("front: %w", err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return fmt.Errorf("front: %w", err)
		}
	}
	return nil
}
