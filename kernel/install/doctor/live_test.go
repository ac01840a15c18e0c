package doctor

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/install/spec"
	"github.com/gossl/gossl/kernel/wire"
)

// puppet is a kernel that answers every cell alike.
type puppet struct {
	prints      string
	status      string // of the reply; "": it never replies
	err         error  // of Execute
	untilStop   bool   // it replies when it is interrupted
	deaf        bool   // nothing comes of an interrupt
	interrupted chan struct{}
	closed      bool
}

func (p *puppet) Execute(ctx context.Context, _ string, published func(*wire.Message)) (*wire.Message, error) {
	m, err := wire.New("stream", nil, map[string]string{"name": "stdout", "text": p.prints})
	if err != nil {
		return nil, err
	}
	published(m)
	if p.err != nil {
		return nil, p.err
	}
	stop := p.interrupted
	if !p.untilStop {
		stop = make(chan struct{})
		close(stop)
	}
	if p.status == "" {
		stop = nil
	}
	select {
	case <-stop:
		return wire.New("execute_reply", nil, map[string]any{"status": p.status, "ename": "Name", "evalue": "the value"})
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (p *puppet) Interrupt(context.Context) error {
	if !p.deaf {
		close(p.interrupted)
	}
	return nil
}

func (p *puppet) Shutdown(ctx context.Context) error {
	if p.deaf {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return nil
}

func (p *puppet) Close() { p.closed = true }

// with is the live checks of a puppet.
func with(t *testing.T, p *puppet) *live {
	t.Helper()
	p.interrupted = make(chan struct{})
	brief := 100 * time.Millisecond
	return &live{doctor: sick(t), kernel: p, limits: limits{start: brief, cell: 10 * brief, interrupt: brief, shutdown: brief}}
}

func TestLiveChecks(t *testing.T) {
	const right = `{"kind": "cpu", "device": "cpu (a CPU)", "product": [[19, 22], [43, 50]]}` + "\n"
	tests := []struct {
		name        string
		puppet      puppet
		check       func(*live, context.Context) Check
		status      Status
		detail, fix string
	}{
		{"cell", puppet{prints: "hello\n", status: "ok"}, (*live).cell, OK, "runs and prints", ""},
		{"cell fails", puppet{status: "error"}, (*live).cell, Fail, "Name: the value", "make setup"},
		{"cell is not heard", puppet{prints: "hel", status: "ok"}, (*live).cell, Fail, `"hel"`, "make setup"},
		{"kernel dies", puppet{err: wire.ErrKernelDied}, (*live).cell, Fail, wire.ErrKernelDied.Error(), "make setup"},
		{"cell never ends", puppet{}, (*live).cell, Fail, "no end after 1s", "make setup"},

		{"panic", puppet{status: "error"}, (*live).panics, OK, "the value", ""},
		{"panic passes for success", puppet{status: "ok"}, (*live).panics, Fail, `"ok", want error`, "make setup"},

		{"interrupt", puppet{prints: "asleep\n", status: "error", untilStop: true}, (*live).interrupt, OK, "s after Stop", ""},
		{"interrupt passes for success", puppet{prints: "asleep\n", status: "ok", untilStop: true}, (*live).interrupt, Fail, `"ok", want error`, "make setup"},
		{"interrupt is ignored", puppet{prints: "asleep\n", deaf: true}, (*live).interrupt, Fail, "goes on 100ms after Stop", "make setup"},
		{"nothing to interrupt", puppet{prints: "sh", status: "error"}, (*live).interrupt, Fail, `it printed "sh"; Name: the value`, "make setup"},
		{"too late for an interrupt", puppet{prints: "asleep\nawake\n", status: "ok"}, (*live).interrupt, Fail, "could not be interrupted", "make setup"},

		{"device", puppet{prints: "a remark\n" + right, status: "ok"}, (*live).device, OK, "right on cpu (a CPU)", ""},
		{"slow device", puppet{prints: strings.Replace(right, `"cpu"`, `"go"`, 1), status: "ok"}, (*live).device, Warn, "100 times slower", "make setup"},
		{"wrong product", puppet{prints: strings.Replace(right, "19", "18", 1), status: "ok"}, (*live).device, Fail, "want [[19 22] [43 50]]", "reinstall the plugin"},
		{"no product", puppet{prints: "odd\n", status: "ok"}, (*live).device, Fail, `"odd"`, "make setup"},
		{"device does not open", puppet{prints: "the trace\n", status: "error"}, (*live).device, Fail, "Name: the value\nthe trace", "make setup"},

		{"shutdown", puppet{}, (*live).shutdown, OK, "no process is left", ""},
		{"no shutdown", puppet{deaf: true}, (*live).shutdown, Fail, "no end after 100ms", "make setup"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			expect(t, test.check(with(t, &test.puppet), t.Context()), test.status, test.detail, test.fix)
		})
	}
}

// What the CPU computes is no success where there is a GPU.
func TestDeviceIsNotTheGPU(t *testing.T) {
	l := with(t, &puppet{prints: `{"kind": "cpu", "device": "cpu", "product": [[19, 22], [43, 50]]}`, status: "ok"})
	write(t, l.doctor.system("dev/nvidiactl"), "")
	expect(t, l.device(t.Context()), Warn, "not on the GPU", "make setup")
}

// A kernel whose cell goes on is ended: the checks after that are not tried.
func TestLiveGivesUp(t *testing.T) {
	p := &puppet{}
	l := with(t, p)
	expect(t, l.cell(t.Context()), Fail, "no end", "make setup")
	if !p.closed {
		t.Error("the kernel goes on")
	}
	expect(t, l.panics(t.Context()), Warn, "not tried", "")
	expect(t, l.shutdown(t.Context()), Warn, "not tried", "")
}

func TestStartFails(t *testing.T) {
	tests := []struct {
		name, program, detail string
	}{
		{"ends", "echo no gonb here >&2; exit 3", "no gonb here"},
		{"does not answer", "exec sleep 60", "no answer in 100ms"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := with(t, &puppet{})
			l.kernel = nil
			h := l.doctor.Home
			script(t, h.Bin(spec.Program), test.program)
			s := spec.Spec{Argv: []string{h.Bin(spec.Program), wire.ConnectionFile}}
			if _, err := s.Install(h.KernelSpec(), false); err != nil {
				t.Fatal(err)
			}
			c := l.start(t.Context())
			expect(t, c, Fail, test.detail, "make setup")
			c.Name = startName
			if err := (Report{c}).Err(); !errors.Is(err, ErrKernel) {
				t.Errorf("error %v, want %v", err, ErrKernel)
			}
			l.close()
			if left, err := os.ReadDir(h.Temp()); err != nil || len(left) > 0 {
				t.Errorf("left in the temporary folder: %v, %v", left, err)
			}
		})
	}
}

// A process that a kernel leaves behind is found, and ended.
func TestShutdownFindsProcesses(t *testing.T) {
	l := with(t, &puppet{})
	l.doctor.root = "/"
	l.mark = "SSLKIT_DOCTOR=" + wire.NewID()
	cmd := exec.Command("sleep", "60")
	cmd.Env = append(os.Environ(), l.mark)
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	defer cmd.Process.Kill()
	expect(t, l.shutdown(t.Context()), Fail, "1 processes are left\n"+strconv.Itoa(cmd.Process.Pid)+" ", "make setup")
	l.close()
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the process that was left: %v, want that it was killed", err)
	}
}

// liveSteps makes the checks with the kernel of a data directory.
func liveSteps(t *testing.T, d *Doctor) map[string]Check {
	t.Helper()
	k := &live{doctor: d, limits: usual}
	t.Cleanup(k.close)
	checks := map[string]Check{}
	steps := d.steps(k)
	for i, s := range steps {
		if s.name == startName {
			for _, c := range run(t.Context(), steps[i:], Silent{}) {
				t.Logf("%+v", c)
				checks[c.Name] = c
			}
		}
	}
	return checks
}

// installation is the data directory of this machine.
func installation(t *testing.T) home.Home {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a kernel")
	}
	h := home.Find()
	if _, err := os.Stat(h.Bin("gonb")); err != nil {
		t.Skipf("sslkit is not installed: %v", err)
	}
	return h
}

func TestInstalledKernel(t *testing.T) {
	h := installation(t)
	s, err := spec.Read(h.KernelSpec())
	if err != nil || s.Repo() == "" {
		t.Skipf("the installed kernel is not this one: %v, argv %q", err, s.Argv)
	}
	for name, c := range liveSteps(t, New(h, s.Repo())) {
		if c.Status == Fail {
			t.Errorf("%s: %s", name, c.Detail)
		}
	}
}

// The doctor judges a kernel by what it does: stock GoNB does most of it, but knows no workspace with sslkit in it.
func TestStockGoNB(t *testing.T) {
	h := installation(t)
	env, err := h.Env()
	if err != nil {
		t.Skip(err)
	}
	d := sick(t)
	env["GOWORK"] = ""
	s := spec.Spec{Argv: []string{h.Bin("gonb"), "--kernel", wire.ConnectionFile, "--raw_error"}, Env: env}
	if _, err := s.Install(d.Home.KernelSpec(), false); err != nil {
		t.Fatal(err)
	}
	d.root = "/"
	checks := liveSteps(t, d)
	for name, want := range map[string]Status{startName: OK, "cell": OK, "panic": OK, "interrupt": OK, "device": Fail, "shutdown": OK} {
		if checks[name].Status != want {
			t.Errorf("%s: %+v, want %s", name, checks[name], want)
		}
	}
}
