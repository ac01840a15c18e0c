package wiretest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/gossl/gossl/kernel/wire"
)

// GoNBMode is the environment variable that says how a GoNB for tests behaves as a
// whole: "mute" never answers, "late" begins to listen after some time, "dies" ends at once, "deaf" goes on
// after SIGTERM. Without it, it is as GoNB is.
const GoNBMode = "WIRETEST_GONB"

// gonb is a GoNB for tests. It takes requests one after the other, as GoNB does, whichever channel they come by, and
// answers all of them on shell. It builds the Go of a cell with the go command on its PATH and runs the program, runs
// commands with bash, and does the lines that begin with "//gonb " by itself.
type gonb struct {
	*kernel
	dir   string // that it builds in; the program has its name
	turns chan *wire.Message
	open  []*os.File // pipes

	mu          sync.Mutex
	process     *os.Process // of the running cell; nil for none
	interrupted bool
	page        string // the comm of its widgets
}

// late is when a GoNB that comes late begins to listen.
const late = 300 * time.Millisecond

// killTime is when GoNB kills what goes on after an interrupt: later than the front does, and than tests wait.
const killTime = time.Minute

// beGoNB is GoNB, started with its arguments. It returns when it cannot go on.
func beGoNB(args []string) error {
	file := ""
	for i, argument := range args[:max(0, len(args)-1)] {
		if argument == "--kernel" {
			file = args[i+1]
		}
	}
	conn, err := wire.ReadConn(file)
	if err != nil {
		return err
	}
	switch os.Getenv(GoNBMode) {
	case "dies":
		return errors.New("no such luck")
	case "late":
		time.Sleep(late)
	case "deaf":
		signal.Ignore(syscall.SIGTERM)
	}
	signal.Notify(make(chan os.Signal, 1), os.Interrupt) // meant for a cell; what it starts is not to ignore it
	k, err := listen(context.Background(), conn)
	if err != nil {
		return err
	}
	if os.Getenv(GoNBMode) == "mute" {
		select {}
	}
	name := fmt.Sprintf("gonb_%d", os.Getpid())
	g := &gonb{kernel: k, dir: filepath.Join(os.TempDir(), name), turns: make(chan *wire.Message, 100)}
	if err := os.Mkdir(g.dir, 0o700); err != nil {
		return err
	}
	initialize := exec.Command("go", "mod", "init", name)
	initialize.Dir = g.dir
	if err := initialize.Run(); err != nil {
		return fmt.Errorf("go mod init: %w", err)
	}
	for _, socket := range []*wire.Socket{k.shell, k.control} {
		go g.receive(socket)
	}
	for request := range g.turns {
		g.answer(request)
	}
	return nil
}

// receive takes requests. An interrupt does not wait for its turn.
func (g *gonb) receive(s *wire.Socket) {
	for {
		request, err := s.Recv()
		must(err)
		switch request.Header.Type {
		case "interrupt_request":
			g.interrupt()
			g.send(g.shell, "interrupt_reply", request, content{"status": "ok"})
		case "comm_open", "comm_msg", "comm_close":
			g.comm(request)
		default:
			g.turns <- request
		}
	}
}

// comm answers a page with widgets that asks whether GoNB is there, if it is the last that has come.
func (g *gonb) comm(m *wire.Message) {
	var c struct {
		ID   string `json:"comm_id"`
		Data struct{ Address string }
	}
	must(json.Unmarshal(m.Content, &c))
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case m.Header.Type == "comm_open":
		g.page = c.ID
	case m.Header.Type == "comm_msg" && c.ID == g.page && c.Data.Address == "#heartbeat/ping":
		g.publish("comm_msg", m, content{"comm_id": c.ID, "data": content{"address": "#heartbeat/pong", "value": true}})
	}
}

// interrupt interrupts the running cell.
func (g *gonb) interrupt() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.interrupted = true
	process := g.process
	if process == nil {
		return
	}
	_ = process.Signal(os.Interrupt) // it may have ended
	time.AfterFunc(killTime, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.process == process {
			_ = process.Kill()
		}
	})
}

// answer answers a request.
func (g *gonb) answer(request *wire.Message) {
	g.status(request, "busy")
	switch request.Header.Type {
	case "kernel_info_request":
		g.send(g.shell, "kernel_info_reply", request, content{
			"protocol_version": "5.4", "implementation": "gonb", "language_info": content{"name": "go"},
		})
	case "execute_request":
		if idle := g.execute(request); idle {
			return
		}
	}
	g.status(request, "idle")
}

// execute executes a cell: its commands in their order, then its Go. It says whether it has said that it is idle.
func (g *gonb) execute(request *wire.Message) (idle bool) {
	var in struct {
		Code   string `json:"code"`
		Silent bool   `json:"silent"`
	}
	must(json.Unmarshal(request.Content, &in))
	g.count++
	if !in.Silent {
		g.publish("execute_input", request, content{"code": in.Code, "execution_count": g.count})
	}
	g.mu.Lock()
	g.interrupted = false
	g.mu.Unlock()
	c := &cell{kernel: g.kernel, request: request, reply: content{"status": "ok", "user_expressions": content{}}}
	hasGo := false
	for line := range strings.Lines(in.Code) {
		line = strings.TrimSuffix(line, "\n")
		command, isCommand := strings.CutPrefix(line, "!")
		own, isOwn := strings.CutPrefix(line, "//gonb ")
		switch {
		case g.stopped() || c.reply["status"] != "ok":
		case isCommand:
			g.run(c, exec.Command("/bin/bash", "-c", command))
		case isOwn:
			g.do(c, own)
		case strings.TrimSpace(line) != "" && !strings.HasPrefix(line, "%"):
			hasGo = true
		}
	}
	if hasGo && !g.stopped() && c.reply["status"] == "ok" {
		g.goCell(c, in.Code)
	}
	if c.idleFirst {
		g.status(request, "idle")
	}
	c.sendReply()
	return c.idleFirst
}

func (g *gonb) stopped() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.interrupted
}

// do does what only GoNB can: a command of other cells of this package; "late DURATION": it works on as long; "idle": it
// says that it is idle; "pipes": it makes the pipes that it shares with the cell's program, and opens none; "half-pipes": it
// opens that for displays.
func (g *gonb) do(c *cell, line string) {
	name, rest, _ := strings.Cut(line, " ")
	switch name {
	case "late":
		pause, err := time.ParseDuration(rest)
		must(err)
		time.Sleep(pause)
		return
	case "idle":
		g.status(c.request, "idle")
		return
	case "pipes", "half-pipes":
		g.makePipes(name == "half-pipes")
		return
	}
	do := commands[name]
	if do == nil {
		must(fmt.Errorf("GoNB has no command %q", line))
	}
	do(c, rest)
}

func (g *gonb) makePipes(open bool) {
	displays, back := g.pipes()
	must(errors.Join(syscall.Mkfifo(displays, 0o600), syscall.Mkfifo(back, 0o600)))
	if open {
		file, err := os.OpenFile(displays, os.O_RDWR, 0) // open as long as this GoNB lives
		must(err)
		g.open = append(g.open, file)
	}
}

// pipes are the paths of the pipes for displays and answers.
func (g *gonb) pipes() (displays, back string) {
	return filepath.Join(g.dir, "pipe"), filepath.Join(g.dir, "back")
}

// goCell builds and runs the Go of a cell.
func (g *gonb) goCell(c *cell, code string) {
	var program strings.Builder
	for line := range strings.Lines(code) {
		if !strings.HasPrefix(line, "!") && !strings.HasPrefix(line, "%") {
			program.WriteString(line)
		}
	}
	must(os.WriteFile(filepath.Join(g.dir, "main.go"), []byte("package main\n\n"+program.String()), 0o600))
	target := filepath.Join(g.dir, filepath.Base(g.dir))
	build := exec.Command("go", "build", "-o", target)
	build.Dir = g.dir
	var said bytes.Buffer
	build.Stdout, build.Stderr = &said, &said
	if err := build.Run(); err != nil { // GoNB cannot interrupt it
		c.fail("ERROR", fmt.Sprintf("failed to run %q: %v\n%s", build.String(), err, &said))
		return
	}
	if !g.stopped() {
		g.run(c, exec.Command(target))
	}
}

// run runs a process, and publishes what it writes and how it failed. The descriptors by which it writes to the front
// are inherited, without anybody's doing.
func (g *gonb) run(c *cell, cmd *exec.Cmd) {
	displays, back := g.pipes()
	cmd.Env = append(os.Environ(), protocol.GONB_PIPE_ENV+"="+displays, protocol.GONB_PIPE_BACK_ENV+"="+back)
	var pipes sync.WaitGroup
	for name, open := range map[string]func() (io.ReadCloser, error){"stdout": cmd.StdoutPipe, "stderr": cmd.StderrPipe} {
		pipe, err := open()
		must(err)
		pipes.Go(func() {
			if text, err := io.ReadAll(pipe); err == nil && len(text) > 0 {
				c.publish("stream", c.request, content{"name": name, "text": string(text)})
			}
		})
	}
	must(cmd.Start())
	g.runs(cmd.Process)
	pipes.Wait()
	err := cmd.Wait()
	g.runs(nil)
	if err != nil {
		sign := ""
		if g.stopped() {
			sign = "^C\n"
		}
		c.stream("stderr", sign+err.Error()+`\n`)
	}
}

// runs notes the process that an interrupt is for; nil for none.
func (g *gonb) runs(process *os.Process) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.process = process
}
