package launch

import (
	"bufio"
	"bytes"
	"encoding/gob"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/gossl/gossl/kernel/event"
)

// gonb stands for GoNB and the front.
type gonb struct {
	t       *testing.T
	environ []string
	paths   Paths
	work    string // folder that it builds in
	program string // that it starts as a cell
	mu      sync.Mutex
	events  []event.Event
	news    chan event.Event // the same
}

func newGoNB(t *testing.T) *gonb {
	t.Helper()
	run, err := os.MkdirTemp("", "launch") // sockets have short names
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	g := &gonb{t: t, work: filepath.Join(run, "tmp", "gonb_x"), news: make(chan event.Event, 1000)}
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

func (g *gonb) listen() {
	l, err := net.Listen("unix", g.paths.Socket)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { l.Close() })
	go event.Serve(l, func(e event.Event) {
		g.mu.Lock()
		g.events = append(g.events, e)
		g.mu.Unlock()
		g.news <- e
	})
}

// write makes a file in the folder that GoNB builds in.
func (g *gonb) write(name, content string) {
	g.t.Helper()
	if err := os.WriteFile(filepath.Join(g.work, name), []byte(content), 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// wait waits for an event.
func (g *gonb) wait(kind event.Kind) event.Event {
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
func (g *gonb) told(kind event.Kind) (events []event.Event) {
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
	*gonb
	cmd        *exec.Cmd
	stdin      io.WriteCloser
	displayLag time.Duration // that GoNB takes for a display
	outputs    []string      // displays, and lines of stdout, in the order that GoNB dealt with them
	newOutputs chan string   // the same
	stderr     bytes.Buffer
	over       bool // GoNB listens no more
	done       chan struct{}
}

// start starts the launcher.
func (g *gonb) start(r *run, args ...string) *run {
	g.t.Helper()
	r.gonb, r.newOutputs, r.done = g, make(chan string, 1<<20), make(chan struct{})
	r.cmd = exec.Command(g.program, args...)
	pipe, back := filepath.Join(g.paths.Temp, "pipe"), filepath.Join(g.paths.Temp, "back")
	r.cmd.Env = append(g.environ, protocol.GONB_PIPE_ENV+"="+pipe, protocol.GONB_PIPE_BACK_ENV+"="+back)
	for _, name := range []string{pipe, back} {
		os.Remove(name)
		if err := syscall.Mkfifo(name, 0o600); err != nil {
			g.t.Fatal(err)
		}
	}
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		g.t.Fatal(err)
	}
	if r.stdin, err = r.cmd.StdinPipe(); err != nil {
		g.t.Fatal(err)
	}
	go r.takeDisplays(pipe, back)
	r.cmd.Stderr = &r.stderr
	if err := r.cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = r.cmd.Process.Kill() })
	go r.takeLines(stdout)
	return r
}

// takeLines reads stdout, then waits for the end.
func (r *run) takeLines(stdout io.Reader) {
	for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
		r.put(scanner.Text())
	}
	if err := r.cmd.Wait(); err != nil {
		r.t.Errorf("the launcher ended with %v", err)
	}
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	close(r.done)
}

func (r *run) put(output string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over {
		r.outputs = append(r.outputs, output)
		r.newOutputs <- output
	}
}

// next waits for the next output.
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

// takeDisplays answers the cell on its pipes.
func (r *run) takeDisplays(pipe, back string) {
	from, err := os.Open(pipe)
	if err != nil {
		return // the test is over
	}
	to, err := os.OpenFile(back, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	decoder, encoder := gob.NewDecoder(from), gob.NewEncoder(to)
	for {
		var d protocol.DisplayData
		if decoder.Decode(&d) != nil {
			return
		}
		time.Sleep(r.displayLag) // GoNB takes its time
		switch v := d.Data[protocol.MIMECommValue].(type) {
		case protocol.CommValue:
			answer := protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: v.Value}
			if v.Request {
				answer = protocol.CommValue{Address: v.Address, Value: 42}
			}
			if encoder.Encode(&answer) != nil {
				return
			}
			continue
		}
		if input, ok := d.Data[protocol.MIMEJupyterInput].(protocol.InputRequest); ok {
			fmt.Fprintln(r.stdin, "answer-to-"+input.Prompt)
		}
		if text, ok := d.Data[protocol.MIMETextHTML].(string); ok {
			r.put(text)
		}
		if picture, ok := d.Data[protocol.MIMEImagePNG].([]byte); ok {
			r.put(fmt.Sprint("picture ", len(picture)))
		}
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
