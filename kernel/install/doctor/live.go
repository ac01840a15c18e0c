package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/install/spec"
	"github.com/gossl/gossl/kernel/proc"
	"github.com/gossl/gossl/kernel/wire"
)

// limits are how long a kernel may take.
type limits struct{ start, cell, interrupt, shutdown time.Duration }

// With a cold build cache a cell takes minutes.
var usual = limits{start: 30 * time.Second, cell: 2 * time.Minute, interrupt: 10 * time.Second, shutdown: 10 * time.Second}

// kernel is what the live checks need of a client and the kernel that it started.
type kernel interface {
	Execute(ctx context.Context, code string, published func(*wire.Message)) (*wire.Message, error)
	Interrupt(ctx context.Context) error
	Shutdown(ctx context.Context) error
	Close()
}

// live is the checks that are made with a running kernel.
type live struct {
	doctor *Doctor
	limits limits
	kernel kernel    // nil before it has started, and after it has ended
	dir    string    // private
	mark   string    // NAME=VALUE that every process of the kernel has in its environment
	log    proc.Tail // what the kernel itself prints
}

// start starts the kernel that Jupyter would start.
func (l *live) start(ctx context.Context) Check {
	s, err := spec.Read(l.doctor.Home.KernelSpec())
	if err != nil {
		return fail(l.doctor.setup(), "%v", err)
	}
	if l.dir, err = os.MkdirTemp(l.doctor.Home.Temp(), "doctor-"); err != nil {
		return fail(l.doctor.setup(), "doctor: %v", err)
	}
	l.mark = "SSLKIT_DOCTOR=" + wire.NewID()
	ctx, cancel := context.WithTimeoutCause(ctx, l.limits.start, fmt.Errorf("no answer in %v", l.limits.start))
	defer cancel()
	begin := time.Now()
	client, err := wire.Start(ctx, wire.Command{
		Argv: s.Argv, Env: append(home.Surroundings(s.Env), l.mark, "TMPDIR="+l.dir), Dir: l.dir, Stderr: &l.log,
	}, l.dir)
	if err != nil {
		return fail(l.doctor.setup()+", and see the checks above", "%v\n%s", err, few(l.log.String()))
	}
	l.kernel = client
	return ok("%s answers after %.2f s", s.DisplayName, time.Since(begin).Seconds())
}

// result is what became of a cell.
type result struct {
	Status string   `json:"status"`
	Name   string   `json:"ename"`
	Value  string   `json:"evalue"`
	Trace  []string `json:"traceback"`

	printed string // on standard output and standard error
}

// said is what a failed cell says about it.
func (r result) said() string {
	trace := strings.Join(r.Trace, "\n")
	if strings.Contains(trace, r.Value) && r.Value != "" {
		return few(trace)
	}
	return few(r.Name + ": " + r.Value + "\n" + trace)
}

var errNotTried = errors.New("not tried: no kernel runs")

// broken is the check that ended with an error. What is not tried has a reason above it.
func (l *live) broken(err error) Check {
	if errors.Is(err, errNotTried) {
		return warn("", "%v", err)
	}
	return fail(l.doctor.setup(), "%v", err)
}

// execute executes a cell; printing, which may be nil, is called whenever it has printed something.
func (l *live) execute(ctx context.Context, code string, printing func(all string)) (result, error) {
	var r result
	if l.kernel == nil {
		return r, errNotTried
	}
	ctx, cancel := context.WithTimeoutCause(ctx, l.limits.cell, fmt.Errorf("no end after %v", l.limits.cell))
	defer cancel()
	reply, err := l.kernel.Execute(ctx, code, func(m *wire.Message) {
		var stream struct {
			Text string `json:"text"`
		}
		if m.Header.Type == "stream" && json.Unmarshal(m.Content, &stream) == nil {
			r.printed += stream.Text
			if printing != nil {
				printing(r.printed)
			}
		}
	})
	if err != nil {
		l.close() // a cell that goes on would hold up the others
		return r, err
	}
	if err := json.Unmarshal(reply.Content, &r); err != nil {
		return r, fmt.Errorf("doctor: the kernel's reply: %w", err)
	}
	return r, nil
}

// shutdown checks that the kernel ends when it is asked to, with all that it started.
func (l *live) shutdown(ctx context.Context) Check {
	if l.kernel == nil {
		return l.broken(errNotTried)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, l.limits.shutdown, fmt.Errorf("no end after %v", l.limits.shutdown))
	defer cancel()
	if err := l.kernel.Shutdown(ctx); err != nil {
		return l.broken(err)
	}
	for end := time.Now().Add(settle); len(l.processes()) > 0; time.Sleep(settle / 50) {
		if time.Now().After(end) {
			left := l.processes()
			return fail(l.doctor.setup(), "%d processes are left\n%s", len(left), list(left))
		}
	}
	return ok("no process is left")
}

// settle is how long processes that were killed may take to be gone.
const settle = time.Second

// processes lists the processes of the kernel.
func (l *live) processes() []proc.Info {
	if l.mark == "" {
		return nil
	}
	return proc.With(l.doctor.root, l.mark)
}

// close ends the kernel if it still runs, with all that it started.
func (l *live) close() {
	if l.kernel != nil {
		l.kernel.Close()
		l.kernel = nil
	}
	if l.mark != "" {
		proc.KillWith(l.mark)
	}
	if l.dir != "" {
		_ = os.RemoveAll(l.dir) // it lies in the folder for temporary files
	}
}
