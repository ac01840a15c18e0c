package front

import (
	"fmt"
	"go/parser"
	"maps"
	"slices"

	"github.com/gossl/gossl/kernel/wire"
)

// hush says for which request nothing is published: a silent cell, of which clients see
// only the states busy and idle, or the user_expressions of a cell, of which they do not
// even see those.
type hush struct {
	request string // its message ID
	states  bool   // the states are not published either
}

// hushed says whether a message is not for the clients.
func (f *front) hushed(m *wire.Message) bool {
	h := f.hush.Load()
	return h != nil && h.request == m.Parent.ID && (h.states || m.Header.Type != "status")
}

// evaluate evaluates the user_expressions of a cell that did well, in the order of
// their names, each in a program of its own with what the cells so far declare. An
// expression that fails is an error in its own place.
func (f *front) evaluate(r *running) content {
	before := f.hush.Load()
	f.hush.Store(&hush{request: r.request.Header.ID, states: true})
	defer f.hush.Store(before)
	defer f.runs(r)
	values := content{}
	for _, name := range slices.Sorted(maps.Keys(r.order.Expressions)) {
		values[name] = f.value(r, r.order.Expressions[name])
	}
	return values
}

// value is the content of one user_expression: the displays of its value, or why it has none.
func (f *front) value(of *running, expression any) content {
	text, ok := expression.(string)
	if !ok {
		return failure("BadExpression", fmt.Sprintf("%v is not a string with a Go expression", expression))
	}
	if _, err := parser.ParseExpr(text); err != nil {
		return failure("BadExpression", fmt.Sprintf("%q is not a Go expression: %v", text, err))
	}
	if f.interrupted(of) {
		return failure("Interrupt", "the cell was interrupted")
	}
	rewritten, err := f.session.Rewrite(text)
	if err != nil {
		return failure("Refused", err.Error())
	}
	if err := f.prepare(rewritten.Files); err != nil {
		return failure("Kernel", err.Error())
	}
	r := newRunning(of.request, of.order)
	r.count = of.count
	if err := f.begin(r); err != nil {
		return failure("Kernel", err.Error())
	}
	o := order{Code: rewritten.Code, Silent: true, StopOnError: true, Expressions: map[string]any{}}
	if !f.pass(r, o) {
		return failure("KernelDied", "GoNB ended")
	}
	f.over(r)
	f.session.Built(f.built(r))
	e := f.failed(r)
	f.mu.Lock()
	defer f.mu.Unlock()
	of.interrupted = of.interrupted || r.interrupted // then the expressions that follow are not evaluated
	if e != nil {
		return failure(e.name, e.value, e.traceback...)
	}
	value := content{"status": "ok", "data": content{}, "metadata": content{}}
	if n := len(r.shown); n > 0 {
		value["data"] = r.shown[n-1]
	}
	return value
}
