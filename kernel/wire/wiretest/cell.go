package wiretest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"github.com/gossl/gossl/kernel/wire"
)

// cell is a cell that is being executed.
type cell struct {
	*kernel
	request            *wire.Message
	reply              content
	metadata           content // of the reply
	asks               bool    // the client answers questions
	replied, idleFirst bool
}

// commands are what a cell can say.
var commands = map[string]func(c *cell, rest string){
	// print TEXT: to stdout, without a newline; \n stands for one.
	"print": func(c *cell, rest string) { c.stream("stdout", rest) },
	// warn TEXT: to stderr.
	"warn": func(c *cell, rest string) { c.stream("stderr", rest) },
	// lines N: N stream messages of one line each.
	"lines": func(c *cell, rest string) {
		for i := range number(rest) {
			c.stream("stdout", fmt.Sprintf("line %d\n", i))
		}
	},
	// picture BYTES: a display of so many.
	"picture": func(c *cell, rest string) {
		c.show("display_data", "", content{"image/png": strings.Repeat("A", number(rest))})
	},
	// show ID TEXT, update ID TEXT: a display with a name.
	"show":   func(c *cell, rest string) { c.named("display_data", rest) },
	"update": func(c *cell, rest string) { c.named("update_display_data", rest) },
	// result TEXT: the value of the cell.
	"result": func(c *cell, rest string) { c.show("execute_result", "", content{"text/plain": rest}) },
	// clear [wait]
	"clear": func(c *cell, rest string) { c.publish("clear_output", c.request, content{"wait": rest == "wait"}) },
	// fail NAME VALUE
	"fail": func(c *cell, rest string) {
		name, value, _ := strings.Cut(rest, " ")
		c.fail(name, value)
	},
	// timing SECONDS: in the reply's metadata.
	"timing": func(c *cell, rest string) {
		c.metadata = content{"sslkit": content{"total_seconds": json.Number(rest)}}
	},
	// idle-first: the reply comes after idle.
	"idle-first": func(c *cell, _ string) { c.idleFirst = true },
	// reply-first: what follows comes after the reply.
	"reply-first": func(c *cell, _ string) { c.sendReply() },
	// ask PROMPT: prints the answer.
	"ask": (*cell).ask,
	// wait: until an interrupt, which fails the cell.
	"wait": func(c *cell, _ string) {
		<-c.interrupts
		c.fail("Interrupt", "interrupted")
	},
	// hang: for ever.
	"hang": func(*cell, string) { select {} },
	// touch FILE: makes a file, to tell how far the cell is.
	"touch": func(_ *cell, rest string) { must(os.WriteFile(rest, nil, 0o644)) },
	// spawn FILE: starts a process in the kernel's group that outlives it, and writes its number.
	"spawn": func(_ *cell, rest string) {
		sleep := exec.Command("sleep", "600")
		must(sleep.Start())
		must(os.WriteFile(rest, fmt.Append(nil, sleep.Process.Pid), 0o644))
	},
	// forge TEXT: output with a wrong signature.
	"forge": func(c *cell, rest string) {
		forged, err := wire.New("stream", c.request, content{"name": "stdout", "text": rest})
		must(err)
		forged.Identities = forged.Encode("another key") // what is behind it counts as buffers
		must(c.public.Send(forged))
	},
	// exit CODE: the kernel ends.
	"exit": func(_ *cell, rest string) { os.Exit(number(rest)) },
	// die: the kernel is killed.
	"die": func(*cell, string) {
		must(syscall.Kill(os.Getpid(), syscall.SIGKILL))
		select {}
	},
}

// must ends the kernel if something fails that does not in a test.
func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "wiretest:", err)
		os.Exit(3)
	}
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	must(err)
	return n
}

func (c *cell) stream(name, text string) {
	c.publish("stream", c.request, content{"name": name, "text": strings.NewReplacer(`\n`, "\n", `\r`, "\r").Replace(text)})
}

// named shows "ID TEXT".
func (c *cell) named(kind, rest string) {
	id, text, _ := strings.Cut(rest, " ")
	c.show(kind, id, content{"text/plain": text})
}

func (c *cell) show(kind, id string, data content) {
	shown := content{"data": data, "metadata": content{}, "transient": content{}}
	if id != "" {
		shown["transient"] = content{"display_id": id}
	}
	if kind == "execute_result" {
		shown["execution_count"] = c.count
	}
	c.publish(kind, c.request, shown)
}

func (c *cell) fail(name, value string) {
	failure := content{"ename": name, "evalue": value, "traceback": []string{name + ": " + value}}
	c.publish("error", c.request, failure)
	c.reply = content{"status": "error", "ename": name, "evalue": value, "traceback": failure["traceback"]}
}

func (c *cell) ask(prompt string) {
	if !c.asks {
		c.fail("NoInput", "the client has no input")
		return
	}
	c.send(c.stdin, "input_request", c.request, content{"prompt": prompt, "password": prompt == "password"})
	answer, err := c.stdin.Recv()
	must(err)
	var in struct {
		Value string `json:"value"`
	}
	must(json.Unmarshal(answer.Content, &in))
	c.stream("stdout", "answer "+in.Value)
}

func (c *cell) sendReply() {
	c.replied = true
	c.reply["execution_count"] = c.count
	m, err := wire.New("execute_reply", c.request, c.reply)
	must(err)
	if c.metadata != nil {
		m.Metadata, err = json.Marshal(c.metadata)
		must(err)
	}
	must(c.shell.Send(m))
}
