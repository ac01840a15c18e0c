package wiretest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/gossl/gossl/kernel/wire"
)

// argument is the first argument of a test binary that is to be a kernel.
const argument = "wiretest-kernel"

// Argv is the command that starts the kernel: the test binary that calls this. Its
// TestMain calls Main. Options are "mute": the kernel never answers, and "deaf": it ignores SIGTERM
// and shutdown requests.
func Argv(options ...string) []string {
	self, err := os.Executable()
	if err != nil {
		panic(err) // on Linux only when /proc is not there
	}
	return append([]string{self, argument, wire.ConnectionFile}, options...)
}

// Main makes this process what it was started as by Argv, or by a program of Tools, and else returns at once.
func Main() {
	if len(os.Args) < 3 {
		return
	}
	var err error
	switch os.Args[1] {
	case argument:
		err = serve(os.Args[2], os.Args[3:])
	case asGoNB:
		err = beGoNB(os.Args[2:])
	case asGo:
		err = beGo(os.Args[2:])
	case asProgram:
		err = beProgram(os.Args[2])
	default:
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "wiretest:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// content is the content of a message.
type content = map[string]any

// kernel is a running kernel.
type kernel struct {
	shell, control, stdin, public *wire.Socket
	count                         int
	interrupts                    chan struct{} // of size 1
	deaf                          bool
}

// serve is the kernel. It returns when something fails; a shutdown ends the process.
func serve(file string, options []string) error {
	ctx := context.Background()
	conn, err := wire.ReadConn(file)
	if err != nil {
		return err
	}
	k, err := listen(ctx, conn)
	if err != nil {
		return err
	}
	for _, option := range options {
		switch option {
		case "mute":
			select {}
		case "deaf":
			k.deaf = true
			signal.Ignore(syscall.SIGTERM)
		default:
			return fmt.Errorf("option %q, want mute or deaf", option)
		}
	}
	go k.obey()
	for {
		request, err := k.shell.Recv()
		if err != nil {
			return err
		}
		k.answer(request)
	}
}

// listen opens a kernel's sockets.
func listen(ctx context.Context, conn *wire.Conn) (*kernel, error) {
	k := &kernel{interrupts: make(chan struct{}, 1)}
	for channel, socket := range map[wire.Channel]**wire.Socket{
		wire.Shell: &k.shell, wire.Control: &k.control, wire.Stdin: &k.stdin, wire.IOPub: &k.public,
	} {
		var err error
		if *socket, err = wire.Listen(ctx, conn, channel); err != nil {
			return nil, err
		}
	}
	return k, wire.ServeHeartbeat(ctx, conn)
}

// obey answers control requests.
func (k *kernel) obey() {
	for {
		request, err := k.control.Recv()
		if err != nil {
			return
		}
		switch request.Header.Type {
		case "interrupt_request":
			select {
			case k.interrupts <- struct{}{}:
			default:
			}
			// Some kernels answer by the wrong channel.
			k.send(k.shell, "interrupt_reply", request, content{"status": "ok"})
		case "shutdown_request":
			k.send(k.control, "shutdown_reply", request, content{"status": "ok"})
			if !k.deaf {
				os.Exit(0)
			}
		}
	}
}

// answer answers a shell request.
func (k *kernel) answer(request *wire.Message) {
	k.status(request, "busy")
	switch request.Header.Type {
	case "kernel_info_request":
		k.send(k.shell, "kernel_info_reply", request, content{"status": "ok", "protocol_version": "5.3", "language_info": content{"name": "go", "pygments_lexer": "go"}})
	case "execute_request":
		k.execute(request)
		return
	default:
		k.send(k.shell, strings.Replace(request.Header.Type, "_request", "_reply", 1), request, content{"status": "error"})
	}
	k.status(request, "idle")
}

// execute executes a cell.
func (k *kernel) execute(request *wire.Message) {
	var in struct {
		Code  string `json:"code"`
		Stdin bool   `json:"allow_stdin"`
	}
	if err := json.Unmarshal(request.Content, &in); err != nil {
		fmt.Fprintln(os.Stderr, "wiretest:", err)
	}
	k.count++
	k.publish("execute_input", request, content{"code": in.Code, "execution_count": k.count})
	c := &cell{kernel: k, request: request, asks: in.Stdin, reply: content{"status": "ok"}}
	for line := range strings.Lines(in.Code) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if do := commands[name]; do != nil {
			do(c, rest)
		} else if name != "" {
			c.fail("NoCommand", name)
		}
		if c.reply["status"] != "ok" {
			break
		}
	}
	c.reply["execution_count"] = k.count
	if c.idleFirst {
		k.status(request, "idle")
	}
	if !c.replied {
		c.sendReply()
	}
	if !c.idleFirst {
		k.status(request, "idle")
	}
}

func (k *kernel) status(request *wire.Message, state string) {
	k.publish("status", request, content{"execution_state": state})
}

func (k *kernel) publish(kind string, request *wire.Message, c content) {
	m, err := wire.New(kind, request, c)
	if err == nil {
		m.Identities = [][]byte{[]byte(kind)}
		err = k.public.Send(m)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "wiretest:", err)
	}
}

func (k *kernel) send(s *wire.Socket, kind string, request *wire.Message, c content) {
	m, err := wire.New(kind, request, c)
	if err == nil {
		err = s.Send(m)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "wiretest:", err)
	}
}
