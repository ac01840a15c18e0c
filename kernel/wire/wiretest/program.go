package wiretest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// shows is how a cell shows the value of its last expression: here the expression itself is the value.
var shows = regexp.MustCompile(`sslkitShow\((.*)\)/\*`)

// shown is where values go.
var shown = sync.OnceValue(func() *os.File { return os.NewFile(3, "shown") })

// stdin is what a program reads.
var stdin = bufio.NewReader(os.Stdin)

// does are what a program can do.
var does = map[string]func(rest string){
	// print TEXT, warn TEXT: to stdout and stderr; \n stands for a new line.
	"print": func(rest string) { fmt.Fprint(os.Stdout, unescaped(rest)) },
	"warn":  func(rest string) { fmt.Fprint(os.Stderr, unescaped(rest)) },
	// bytes HEX: to stdout, one by one.
	"bytes": func(rest string) {
		var text []byte
		_, err := fmt.Sscanf(rest, "%x", &text)
		must(err)
		for i := range text {
			_, err := os.Stdout.Write(text[i : i+1])
			must(err)
		}
	},
	// lines N: N times a line to stdout, a display, another line, and one to stderr.
	"lines": func(rest string) {
		for i := range number(rest) {
			fmt.Println("heading", i)
			gonbui.DisplayHTML(fmt.Sprint("table ", i))
			fmt.Println("footer", i)
			fmt.Fprintln(os.Stderr, "note", i)
		}
	},
	// display TEXT, update ID TEXT: as HTML.
	"display": gonbui.DisplayHTML,
	"update": func(rest string) {
		id, text, _ := strings.Cut(rest, " ")
		gonbui.UpdateHTML(id, text)
	},
	// data MIME TEXT: a display of any type.
	"data": func(rest string) {
		mime, text, _ := strings.Cut(rest, " ")
		gonbui.SendData(&protocol.DisplayData{Data: map[protocol.MIMEType]any{protocol.MIMEType(mime): text}})
	},
	// widget ADDRESS: asks GoNB for the value of a widget.
	"widget": func(rest string) {
		gonbui.SendData(&protocol.DisplayData{Data: map[protocol.MIMEType]any{
			protocol.MIMECommValue: protocol.CommValue{Address: rest, Request: true},
		}})
	},
	// sync: waits until what was displayed has arrived.
	"sync": func(string) { gonbui.Sync() },
	// value MIME TEXT: the value of the last expression.
	"value": func(rest string) {
		mime, text, _ := strings.Cut(rest, " ")
		show(mime, unescaped(text))
	},
	// read: a line of input, which it prints.
	"read": func(string) {
		line, err := stdin.ReadString('\n')
		if err != nil {
			line += fmt.Sprintln(err)
		}
		fmt.Print("read ", line)
	},
	// ask PROMPT, password PROMPT: for a line of input by package gonbui.
	"ask":      func(rest string) { gonbui.RequestInput(rest, false) },
	"password": func(rest string) { gonbui.RequestInput(rest, true) },
	// ignore: interrupts.
	"ignore": func(string) { signal.Ignore(os.Interrupt) },
	// save: goes on when it is interrupted.
	"save": func(string) {
		interrupted := make(chan os.Signal, 1)
		signal.Notify(interrupted, os.Interrupt)
		fmt.Println("saving")
		<-interrupted
	},
	// sleep DURATION
	"sleep": func(rest string) {
		pause, err := time.ParseDuration(rest)
		must(err)
		time.Sleep(pause)
	},
	// await FILE: until it is there.
	"await": func(rest string) { await(func() bool { return exists(rest) }) },
	// child, orphan: starts a process, in the group of this one or in a session of its own, which has the program's outputs and lives
	// on; prints its number.
	"child":  func(string) { spawn(false) },
	"orphan": func(string) { spawn(true) },
	// exit CODE, panic TEXT, kill
	"exit":  func(rest string) { os.Exit(number(rest)) },
	"panic": func(rest string) { panic(rest) },
	"kill": func(string) {
		must(syscall.Kill(os.Getpid(), syscall.SIGKILL))
		select {}
	},
}

// beProgram is the program of a cell.
func beProgram(source string) error {
	text, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if value := shows.FindStringSubmatch(line); value != nil {
			show("text/plain", value[1])
			continue
		}
		line, ok := strings.CutPrefix(line, "//cell ")
		if !ok {
			continue
		}
		name, rest, _ := strings.Cut(line, " ")
		do := does[name]
		if do == nil {
			return fmt.Errorf("a program can do no %q", line)
		}
		do(rest)
	}
	return nil
}

func unescaped(text string) string { return strings.ReplaceAll(text, `\n`, "\n") }

func show(mime, text string) {
	frame := binary.LittleEndian.AppendUint32([]byte(mime+"\x00"), uint32(len(text)))
	_, err := shown().Write(append(frame, text...))
	must(err)
}

func spawn(session bool) {
	sleep := exec.Command("sleep", "600")
	sleep.Stdout, sleep.Stderr = os.Stdout, os.Stderr
	sleep.SysProcAttr = &syscall.SysProcAttr{Setsid: session}
	must(sleep.Start())
	fmt.Println(sleep.Process.Pid)
}
