package launch

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/event"
	"github.com/gossl/gossl/kernel/pipes"
)

// fakeGoNB stands for GoNB and the front.
type fakeGoNB struct {
	t       *testing.T
	environ []string
	paths   Paths
	work    string // folder that it builds in
	program string // that it starts as a cell
	mu      sync.Mutex
	events  []event.Event
	news    chan event.Event // the same
	ends    []*os.File
	cell    *pipes.Cell

	outputs    []string    // lines of stdout
	newOutputs chan string // the same
	stderr     strings.Builder
}

func newGoNB(t *testing.T) *fakeGoNB {
	t.Helper()
	run, err := os.MkdirTemp("", "launch") // sockets have short names
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	g := &fakeGoNB{t: t, work: filepath.Join(run, "tmp", "gonb_x"), news: make(chan event.Event, 1000), newOutputs: make(chan string, 1<<20)}
	g.program = filepath.Join(g.work, "gonb_x")
	g.paths = Paths{
		Bin: filepath.Join(run, "bin"), Temp: filepath.Join(run, "tmp"),
		Socket: filepath.Join(run, "front"), Cells: filepath.Join(run, "cells"),
	}
	g.environ = Environ(append(os.Environ(), "TMPDIR=/the/user's", "GOWORK=off", "GOFLAGS=", "GOPROXY=off",
		"GORACE=atexit_sleep_ms=0"), g.paths)
	for _, dir := range []string{g.paths.Bin, g.work} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, shim := range Shims {
		if err := os.Symlink(self, filepath.Join(g.paths.Bin, shim)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(self, g.program); err != nil {
		t.Fatal(err)
	}
	g.write("gonb_x.bin", fmt.Sprintf("#!/bin/sh\nexec %q %s \"$@\"\n", self, asCell))
	if err := os.Chmod(g.program+program, 0o700); err != nil {
		t.Fatal(err)
	}
	g.listen()
	return g
}

// listen is the front: it takes events, and what cells write.
func (g *fakeGoNB) listen() {
	l, err := net.Listen("unix", g.paths.Socket)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { l.Close() })
	reader, err := pipes.New(g.paths.Temp, g)
	if err != nil {
		g.t.Fatal(err)
	}
	g.ends = reader.Ends()
	if err := syscall.Mkfifo(g.stdinPath(), 0o600); err != nil {
		g.t.Fatal(err)
	}
	go reader.Run()
	g.t.Cleanup(reader.Close)
	go event.Serve(l, func(e event.Event) (answer event.Answer) {
		switch e.Kind {
		case event.CellStart:
			c, err := reader.Open()
			if err != nil {
				g.t.Error(err)
				return answer
			}
			c.Start(e.PID, pipes.GoNB{})
			g.cell = c
			answer = event.Answer{Stdin: g.stdinPath(), Displays: c.Displays, Answers: c.Answers, Shown: c.Shown}
		case event.CellEnd:
			reader.Drain(true)
			g.cell.Close()
		}
		g.mu.Lock()
		g.events = append(g.events, e)
		g.mu.Unlock()
		g.news <- e
		return answer
	})
}

func (g *fakeGoNB) stdinPath() string { return filepath.Join(g.paths.Temp, "stdin") }

// Text takes lines.
func (g *fakeGoNB) Text(s pipes.Stream, text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s == pipes.Stderr {
		g.stderr.WriteString(text)
		return
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		g.outputs = append(g.outputs, line)
		g.newOutputs <- line
	}
}

func (g *fakeGoNB) Shown(_ *pipes.Cell, data map[string]string) {
	g.Text(pipes.Stdout, fmt.Sprint(data))
}

func (g *fakeGoNB) Display(*pipes.Cell, pipes.Display) bool { return false }

func (g *fakeGoNB) Input(*pipes.Cell, pipes.Input) {}

func (g *fakeGoNB) Failed(err error) { g.t.Error(err) }

// write makes a file in the folder that GoNB builds in.
func (g *fakeGoNB) write(name, content string) {
	g.t.Helper()
	if err := os.WriteFile(filepath.Join(g.work, name), []byte(content), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// wait waits for an event.
func (g *fakeGoNB) wait(kind event.Kind) event.Event {
	g.t.Helper()
	for {
		select {
		case e := <-g.news:
			if e.Kind == kind {
				return e
			}
		case <-time.After(time.Minute):
			g.t.Fatalf("no event %s", kind)
		}
	}
}

// told returns the events of a kind so far.
func (g *fakeGoNB) told(kind event.Kind) (events []event.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range g.events {
		if e.Kind == kind {
			events = append(events, e)
		}
	}
	return events
}

// run is a cell that runs, as GoNB runs it.
type run struct {
	*fakeGoNB
	cmd   *exec.Cmd
	stdin *os.File
	done  chan struct{}
}

// start starts the launcher.
func (g *fakeGoNB) start(args ...string) *run {
	g.t.Helper()
	r := &run{fakeGoNB: g, done: make(chan struct{}), cmd: exec.Command(g.program, args...)}
	var err error
	if r.stdin, err = os.OpenFile(g.stdinPath(), os.O_RDWR, 0); err != nil {
		g.t.Fatal(err)
	}
	r.cmd.Env, r.cmd.ExtraFiles, r.cmd.Stderr = g.environ, g.ends, os.Stderr
	if err := r.cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = r.cmd.Process.Kill() })
	go func() {
		if err := r.cmd.Wait(); err != nil {
			g.t.Errorf("the launcher ended with %v", err)
		}
		close(r.done)
	}()
	return r
}

// next waits for the next line of output.
func (r *run) next() string {
	r.t.Helper()
	select {
	case output := <-r.newOutputs:
		return output
	case <-time.After(time.Minute):
		r.t.Fatal("no output comes")
		return ""
	}
}

// end waits for the launcher's end, and returns what the front was told of it.
func (r *run) end() event.Event {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(time.Minute):
		r.t.Fatal("the launcher does not end")
	}
	ends := r.told(event.CellEnd)
	if len(ends) != 1 {
		r.t.Fatalf("%d events %s, want one; stderr %q", len(ends), event.CellEnd, r.stderr.String())
	}
	return ends[0]
}
