package wiretest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/wire"
)

// Session is a client of a kernel, for tests: what goes wrong with it fails the test.
type Session struct {
	*wire.Client
	T     testing.TB
	Limit time.Duration       // the longest that anything may take
	Heard func(*wire.Message) // what is published of cells; nil: nobody wants to know
}

// Outcome is what became of a cell.
type Outcome struct {
	Status, Name, Value string
	Trace               string
	Stdout, Stderr      string
	Result              map[string]string   // of the last expression, by MIME type
	Error               json.RawMessage     // as published
	Displays            []map[string]string // by MIME type
	Order               []string            // types of what was published
	Metadata            map[string]any      // of the reply
	Content             map[string]any      // likewise
	Took                time.Duration
	Reply               *wire.Message
}

// limited is the context of something that may not take too long.
func (s *Session) limited() (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(context.Background(), s.Limit, fmt.Errorf("nothing came for %v", s.Limit))
}

// Run executes a cell.
func (s *Session) Run(code string) Outcome {
	s.T.Helper()
	return s.Start(code).End()
}

// OK executes a cell that must do well.
func (s *Session) OK(code string) Outcome {
	s.T.Helper()
	o := s.Run(code)
	if o.Status != "ok" {
		s.T.Errorf("%q: %s %s: %s\n%s%s", code, o.Status, o.Name, o.Value, o.Trace, o.Stderr)
	}
	return o
}

// Fails executes a cell that must end with an error of a name, whose value has a text in it.
func (s *Session) Fails(code, name, value string) Outcome {
	s.T.Helper()
	o := s.Run(code)
	o.mustFail(s.T, code, name, value)
	return o
}

func (o *Outcome) mustFail(t testing.TB, code, name, value string) {
	t.Helper()
	if o.Status != "error" || o.Name != name || !strings.Contains(o.Value, value) {
		t.Errorf("%q: %s %q: %q, want error %q: %q", code, o.Status, o.Name, o.Value, name, value)
	}
	var published map[string]any
	if json.Unmarshal(o.Error, &published) != nil {
		t.Errorf("%q: no error was published: %v", code, o.Order)
	}
	if keys := slices.Sorted(maps.Keys(published)); !slices.Equal(keys, []string{"ename", "evalue", "traceback"}) {
		t.Errorf("%q: the error has %v, which the format of notebooks does not know", code, keys)
	}
}

// Order executes a cell by a request of the test's own making.
func (s *Session) Order(request map[string]any) Outcome {
	s.T.Helper()
	return s.StartOrder(request).End()
}

// Ask makes a request that is answered, and returns the content of the reply.
func (s *Session) Ask(channel wire.Channel, kind string, content any) map[string]any {
	s.T.Helper()
	ctx, cancel := s.limited()
	defer cancel()
	reply, err := s.Request(ctx, channel, kind, content)
	if err != nil {
		s.T.Fatalf("%s: %v", kind, err)
	}
	if want := strings.TrimSuffix(kind, "_request") + "_reply"; reply.Header.Type != want || reply.Parent.Type != kind {
		s.T.Errorf("%s to %s, want %s to %s", reply.Header.Type, reply.Parent.Type, want, kind)
	}
	return s.decode(reply.Content)
}

func (s *Session) decode(text json.RawMessage) map[string]any {
	s.T.Helper()
	var c map[string]any
	if err := json.Unmarshal(text, &c); err != nil {
		s.T.Fatalf("%s: %v", text, err)
	}
	return c
}

// Stop interrupts the running cell.
func (s *Session) Stop() {
	s.T.Helper()
	ctx, cancel := s.limited()
	defer cancel()
	if err := s.Interrupt(ctx); err != nil {
		s.T.Fatal(err)
	}
}

// Running is a cell that is being executed.
type Running struct {
	session *Session
	code    any
	begin   time.Time
	done    chan struct{}
	err     error

	mu      sync.Mutex
	outcome Outcome
	printed chan struct{} // closed when something comes
}

// Start executes a cell, and does not wait for its end. The request has been sent when
// it returns: cells come to the kernel in the order in which they are started.
func (s *Session) Start(code string) *Running { return s.start(code, s.Client.Order(code)) }

// StartOrder is Order, and does not wait for the end.
func (s *Session) StartOrder(request map[string]any) *Running { return s.start(request, request) }

func (s *Session) start(code any, request map[string]any) *Running {
	r := &Running{session: s, code: code, begin: time.Now(), done: make(chan struct{}), printed: make(chan struct{})}
	wait, err := s.Send(request)
	if err != nil {
		r.err = err
		close(r.done)
		return r
	}
	ctx, cancel := s.limited()
	go func() {
		defer cancel()
		defer close(r.done)
		r.outcome.Reply, r.err = wait(ctx, r.take)
		r.outcome.Took = time.Since(r.begin)
	}()
	return r
}

// Await waits until the cell has printed a text, or published a message of that type, and returns what it has printed so far.
func (r *Running) Await(text string) string {
	r.session.T.Helper()
	for {
		r.mu.Lock()
		said, types, more := r.outcome.Stdout+r.outcome.Stderr, r.outcome.Order, r.printed
		r.mu.Unlock()
		if strings.Contains(said, text) || slices.Contains(types, text) {
			return said
		}
		select {
		case <-more:
		case <-r.done:
			r.session.T.Fatalf("%q has ended (%v) and said %q, not %q", r.code, r.err, said, text)
		}
	}
}

// End waits for the cell's end.
func (r *Running) End() Outcome {
	t := r.session.T
	t.Helper()
	<-r.done
	if r.err != nil {
		t.Fatalf("%q: %v, after %v", r.code, r.err, r.outcome.Order)
	}
	o := r.outcome
	var c struct {
		Status, Ename, Evalue string
		Traceback             []string
	}
	if err := json.Unmarshal(o.Reply.Content, &c); err != nil {
		t.Fatalf("%s: %v", o.Reply.Content, err)
	}
	o.Status, o.Name, o.Value, o.Trace = c.Status, c.Ename, c.Evalue, strings.Join(c.Traceback, "\n")
	o.Content, o.Metadata = r.session.decode(o.Reply.Content), r.session.decode(o.Reply.Metadata)
	return o
}

// Err waits for the cell's end, and says why there is no outcome.
func (r *Running) Err() error {
	<-r.done
	return r.err
}

// take notes what is published of a cell.
func (r *Running) take(m *wire.Message) {
	if heard := r.session.Heard; heard != nil {
		heard(m)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	o := &r.outcome
	o.Order = append(o.Order, m.Header.Type)
	close(r.printed)
	r.printed = make(chan struct{})
	var c struct {
		Name, Text string
		Data       map[string]any
	}
	if json.Unmarshal(m.Content, &c) != nil {
		return
	}
	switch m.Header.Type {
	case "stream":
		if c.Name == "stdout" {
			o.Stdout += c.Text
		} else {
			o.Stderr += c.Text
		}
	case "display_data", "update_display_data":
		o.Displays = append(o.Displays, texts(c.Data))
	case "execute_result":
		o.Result = texts(c.Data)
	case "error":
		o.Error = m.Content
	}
}

func texts(data map[string]any) map[string]string {
	all := map[string]string{}
	for mime, value := range data {
		all[mime] = fmt.Sprint(value)
	}
	return all
}

// Log takes what a kernel itself prints.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write is for the kernel.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is what it has printed so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
