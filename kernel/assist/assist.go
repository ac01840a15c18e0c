// Package assist answers Jupyter's Tab and Shift-Tab with a gopls of its own, which knows what GoNB remembers of earlier
// cells. It works beside the cells and never holds one up.
package assist

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gossl/gossl/kernel/gonb"
)

// Options say what an Assistant works with.
type Options struct {
	Gopls string   // the program's path
	Guard string   // program that runs gopls, the go command and what they start, and ends them with this process; "": none
	Dir   string   // where GoNB builds cells: go.mod, go.work and main.go
	Env   []string // of gopls and the go commands that it runs; nil for this process's
}

// guarded returns a command as the guard runs it.
func (o Options) guarded(command ...string) []string {
	if o.Guard == "" {
		return command
	}
	return append([]string{o.Guard}, command...)
}

const (
	patience    = 10 * time.Second // at most, for an answer: on a busy machine, gopls takes seconds to load packages
	warmUp      = 60 * time.Second // at most, to load packages
	enduring    = time.Minute      // a gopls that lived as long is worth a new start
	lookAround  = 500 * time.Millisecond
	awaitGoWork = time.Second
)

// An Assistant answers for one session of a kernel.
type Assistant struct {
	options Options
	jobs    chan job
	cancel  context.CancelFunc
	done    chan struct{} // closed when there will be no more answers
	ready   chan struct{} // closed when gopls has loaded for the first time

	mu     sync.Mutex
	err    error
	warmed sync.Once
}

// A job is one request, to be run by the goroutine that owns the session.
type job struct {
	ctx context.Context
	run func(*session)
}

// Start starts gopls in the background and returns at once. The Assistant ends with ctx, or by Close.
func Start(ctx context.Context, o Options) *Assistant {
	ctx, cancel := context.WithCancel(ctx)
	a := &Assistant{options: o, jobs: make(chan job), cancel: cancel, done: make(chan struct{}), ready: make(chan struct{})}
	go a.run(ctx)
	return a
}

// Close ends gopls, and returns when no process of it is left.
func (a *Assistant) Close() {
	a.cancel()
	<-a.done
}

// Ready is closed when gopls has loaded its packages. Answers come before that too, but late.
func (a *Assistant) Ready() <-chan struct{} { return a.ready }

// Done is closed when there will be no more answers.
func (a *Assistant) Done() <-chan struct{} { return a.done }

// Err tells why answers are missing: gopls does not start or has crashed, or the last request failed.
func (a *Assistant) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

func (a *Assistant) setErr(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = err
}

// run serves requests until the end of ctx. A gopls that crashes is started anew once; more often only if it had lived
// for a while.
func (a *Assistant) run(ctx context.Context) {
	defer close(a.done)
	awaitWorkspace(ctx, a.options.Dir)
	known := newMemory(a.options.Dir)
	library := make(chan map[string]gonb.Import, 1)
	go func() {
		packages, err := libraryPackages(ctx, a.options)
		if err != nil && a.Err() == nil {
			a.setErr(err) // a trifle: gopls loads them when they are used
		}
		library <- packages
		close(library)
	}()
	defer func() { <-library }() // so that no process is left
	restarted := false
	for ctx.Err() == nil {
		begin := time.Now()
		err := a.serve(ctx, known, library)
		if ctx.Err() != nil {
			return
		}
		a.setErr(err)
		if errors.Is(err, errStart) || restarted && time.Since(begin) < enduring {
			return
		}
		restarted = true
	}
}

var errStart = errors.New("gopls cannot be started")

// awaitWorkspace waits for the go.work that GoNB writes soon after go.mod: gopls would load everything twice.
func awaitWorkspace(ctx context.Context, dir string) {
	deadline := time.After(awaitGoWork)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		content, err := os.ReadFile(filepath.Join(dir, "go.work"))
		if err == nil && strings.Contains(string(content), "use") {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			return
		case <-ctx.Done():
			return
		}
	}
}

// serve runs one gopls to its end.
func (a *Assistant) serve(ctx context.Context, known *memory, library <-chan map[string]gonb.Import) error {
	server, err := startServer(a.options)
	if err != nil {
		return fmt.Errorf("%w: %w", errStart, err)
	}
	defer server.close()
	defer context.AfterFunc(ctx, server.kill)()
	s := newSession(server, known)
	if err := s.open(ctx); err != nil {
		server.close()
		return fmt.Errorf("%w; %w", err, server.ended())
	}
	tick := time.NewTicker(lookAround)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case packages := <-library:
			library = nil // once is enough
			if err := s.load(ctx, packages, func() { a.warmed.Do(func() { close(a.ready) }) }); err != nil {
				return err
			}
		case <-server.Gone():
			return server.ended()
		case j := <-a.jobs:
			if j.ctx.Err() == nil {
				j.run(s)
			}
		case <-tick.C:
			if err := s.refresh(); err != nil {
				return err
			}
		}
	}
}

// ask has the session answer a request. What comes too late is dropped.
func ask[T any](ctx context.Context, a *Assistant, request func(context.Context, *session) (T, error)) (answer T, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	result := make(chan T, 1)
	failed := make(chan struct{})
	j := job{ctx, func(s *session) {
		r, err := request(ctx, s)
		a.setErr(err)
		if err != nil {
			close(failed)
			return
		}
		result <- r
	}}
	select {
	case a.jobs <- j:
	case <-ctx.Done():
		return answer, false
	case <-a.done:
		return answer, false
	}
	select {
	case answer = <-result:
		return answer, true
	case <-failed:
	case <-ctx.Done():
	case <-a.done:
	}
	return answer, false
}
