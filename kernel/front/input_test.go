package front

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/gossl/gossl/kernel/wire"
)

// other is another client of a running kernel. It hears nothing of what is published.
type other struct {
	t            *testing.T
	shell, stdin *wire.Socket
}

func (k *kernel) other() *other {
	k.t.Helper()
	conn, err := wire.ReadConn(k.conn)
	if err != nil {
		k.t.Fatal(err)
	}
	o := &other{t: k.t}
	identity := wire.NewID()
	for channel, socket := range map[wire.Channel]**wire.Socket{wire.Shell: &o.shell, wire.Stdin: &o.stdin} {
		if *socket, err = wire.Dial(k.t.Context(), conn, channel, identity); err != nil {
			k.t.Fatal(err)
		}
	}
	k.t.Cleanup(o.vanish)
	return o
}

func (o *other) vanish() {
	_, _ = o.shell.Close(), o.stdin.Close() // once more at the end of the test
}

func (o *other) execute(code string) {
	o.t.Helper()
	m, err := wire.New("execute_request", nil, fields{"code": code, "allow_stdin": true})
	if err == nil {
		err = o.shell.Send(m)
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

// next is the next message on a channel, and its content.
func (o *other) next(s *wire.Socket) (*wire.Message, fields) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), limit)
	defer cancel()
	defer context.AfterFunc(ctx, o.vanish)()
	m, err := s.Recv()
	if err != nil {
		o.t.Fatal(err)
	}
	var c fields
	if err := json.Unmarshal(m.Content, &c); err != nil {
		o.t.Fatal(err)
	}
	return m, c
}

// Who reads gets a line from the client, after what it has printed; a password's letters are not to be shown.
func TestInput(t *testing.T) {
	k := start(t, answers(func(prompt string, password bool) string {
		if password {
			return "secret"
		}
		return "answer to " + prompt
	}))
	for code, want := range map[string]string{
		"//cell print name? \n//cell read":                    "name? read answer to \n",
		"//cell read\n//cell read":                            "read answer to \nread answer to \n",
		"//cell ask name?\n//cell read":                       "read answer to name?\n",
		"//cell password key?\n//cell read":                   "read secret\n",
		"!read x; echo \"[$x]\"":                              "[answer to]\n",
		"!head -n 1":                                          "answer to \n",
		"%with_password\n!read x; echo \"[$x]\"":              "[secret]\n",
		"!read x; echo \"[$x]\"\n//cell read":                 "[answer to]\nread answer to \n",
		"//cell print no question\\n\n//cell sleep 300ms\n//": "no question\n",
	} {
		if o := k.OK(code); o.Stdout != want {
			t.Errorf("%q printed %q, want %q", code, o.Stdout, want)
		}
	}
}

// What one cell did not read is not for the next.
func TestInputIsOfOneCell(t *testing.T) {
	var asked sync.WaitGroup
	asked.Add(1)
	k := start(t, answers(func(string, bool) string {
		defer asked.Done()
		return "one\ntwo"
	}))
	if o := k.OK("!read x; echo $x"); o.Stdout != "one\n" {
		t.Errorf("printed %q", o.Stdout)
	}
	asked.Wait()
	o := k.Order(fields{"code": "//cell read", "allow_stdin": false})
	if o.Stdout != "read EOF\n" {
		t.Errorf("the next cell printed %q", o.Stdout)
	}
}

// Who reads is at the end of the input where the client gives none, and one is told.
func TestNoInput(t *testing.T) {
	k := start(t, answers(nil))
	for code, want := range map[string]string{
		"//cell read":     "read EOF\n",
		"!cat; echo over": "over\n",
		"!cat":            "",
	} {
		if o := k.OK(code); o.Stdout != want || !strings.Contains(o.Stderr, "this client gives none") {
			t.Errorf("%q: printed %q, want %q; told %q", code, o.Stdout, want, o.Stderr)
		}
	}
	k.Fails("//cell ask name?\n//cell read", "Input", "name?")
	if o := k.OK("//cell print 1"); o.Stdout != "1" || o.Stderr != "" {
		t.Errorf("the next cell printed %q, %q", o.Stdout, o.Stderr)
	}
}

// The client that sent the cell is asked, and no other.
func TestInputOfTwoClients(t *testing.T) {
	k := start(t, answers(func(string, bool) string { return "mine" }))
	second := k.other()
	second.execute("//cell read")
	question, c := second.next(second.stdin)
	if question.Header.Type != "input_request" || c["password"] != false {
		t.Errorf("%s %v", question.Header.Type, c)
	}
	mine := k.Start("//cell read") // waits for the other cell
	answer, err := wire.New("input_reply", question, fields{"value": "hers"})
	if err == nil {
		err = second.stdin.Send(answer)
	}
	if err != nil {
		t.Fatal(err)
	}
	if reply, c := second.next(second.shell); reply.Header.Type != "execute_reply" || c["execution_count"] != 1.0 {
		t.Errorf("%s %v", reply.Header.Type, c)
	}
	if o := mine.End(); o.Stdout != "read mine\n" {
		t.Errorf("printed %q", o.Stdout)
	}
}

// Stop ends a cell that waits for input, too; the answer that comes late is for nobody.
func TestInterruptInput(t *testing.T) {
	asked, late := make(chan struct{}, 2), make(chan struct{})
	k := start(t, answers(func(string, bool) string {
		asked <- struct{}{}
		<-late
		return "late"
	}))
	for _, code := range []string{"//cell read", "!read x; echo $x", "//cell ask name?\n//cell read"} {
		r := k.Start(code)
		<-asked
		k.Stop()
		if o := r.End(); o.Name != "Interrupt" || o.Stdout != "" {
			t.Errorf("%q: %s %s, printed %q", code, o.Status, o.Name, o.Stdout)
		}
		late <- struct{}{}
		if o := k.Order(fields{"code": "//cell sleep 50ms\n//cell read", "allow_stdin": false}); o.Stdout != "read EOF\n" {
			t.Errorf("after %q printed %q", code, o.Stdout)
		}
	}
}

// A client that vanishes while it is asked holds up nothing but its cell, which another one can stop.
func TestClientVanishes(t *testing.T) {
	k := start(t)
	second := k.other()
	second.execute("//cell read")
	second.next(second.stdin)
	second.vanish()
	mine := k.Start("//cell print mine")
	k.Ask(wire.Shell, "kernel_info_request", nil)
	k.Stop()
	if o := mine.End(); o.Status != "aborted" {
		t.Errorf("the cell behind: %s", o.Status)
	}
	if o := k.OK("//cell read"); o.Stdout != "read answer to \n" {
		t.Errorf("printed %q", o.Stdout)
	}
	second = k.other()
	second.execute("//cell print heard by nobody") // replied to nobody
	second.vanish()
	k.OK("//cell print 1")
}
