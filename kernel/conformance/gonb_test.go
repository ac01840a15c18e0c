package conformance

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/wire"
	"github.com/gossl/gossl/kernel/wire/wiretest"
)

// GoNB's own commands work as they do without the front.
func TestGoNBCommands(t *testing.T) {
	k := start(t)
	k.OK("%env FROM_NOTEBOOK=yes")
	if o := k.OK(`fmt.Println(os.Getenv("FROM_NOTEBOOK"), os.Getenv("SSLKIT_FRONT"))`); o.Stdout != "yes \n" {
		t.Errorf("environment: %q", o.Stdout)
	}
	if err := os.Mkdir(filepath.Join(k.dir, "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	k.OK("%cd below")
	if o := k.OK("wd, _ := os.Getwd()\nfmt.Println(filepath.Base(wd))"); o.Stdout != "below\n" {
		t.Errorf("after %%cd: %q", o.Stdout)
	}
	k.OK("%%writefile written.txt\ncontent\n")
	if text, err := os.ReadFile(filepath.Join(k.dir, "below", "written.txt")); err != nil || !strings.Contains(string(text), "content") {
		t.Errorf("%%%%writefile wrote %q, error %v", text, err)
	}
	k.OK("%capture captured.txt\nfmt.Println(\"kept\")")
	if text, err := os.ReadFile(filepath.Join(k.dir, "below", "captured.txt")); err != nil || string(text) != "kept\n" {
		t.Errorf("%%capture wrote %q, error %v", text, err)
	}
	if o := k.OK("func TestSum(t *testing.T) {\n\tif 1+1 != 2 {\n\t\tt.Error(\"no\")\n\t}\n}\n%test"); !strings.Contains(o.Stdout+o.Stderr, "PASS") {
		t.Errorf("%%test printed %q", o.Stdout+o.Stderr)
	}
	if o := k.OK("%with_inputs\n!read line; echo got $line"); !strings.Contains(o.Stdout, "got answer") {
		t.Errorf("input: %q %q", o.Stdout, o.Stderr)
	}
	k.OK("%reset")
	k.Fails("fmt.Println(TestSum)", "BuildError", "undefined: TestSum")
}

// %track lists what GoNB watches.
func TestTrack(t *testing.T) {
	k := start(t)
	library := filepath.Join(k.dir, "library")
	if err := os.Mkdir(library, 0o755); err != nil {
		t.Fatal(err)
	}
	k.OK("%track " + library)
	if o := k.OK("%track"); !strings.Contains(o.Stdout+o.Stderr+fmt.Sprint(o.Displays), library) {
		t.Errorf("%%track lists %q %q %v", o.Stdout, o.Stderr, o.Displays)
	}
	k.OK("%untrack " + library)
	if o := k.OK("%track"); strings.Contains(o.Stdout+o.Stderr+fmt.Sprint(o.Displays), library) {
		t.Errorf("after %%untrack: %q %q %v", o.Stdout, o.Stderr, o.Displays)
	}
}

// %wasm puts a program for the browser where Jupyter serves files from.
func TestWasm(t *testing.T) {
	c := command(t)
	jupyter := exec.Command("sleep", "120") // GoNB looks where the process with Jupyter's number works
	jupyter.Dir = t.TempDir()
	if err := jupyter.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = jupyter.Process.Kill(), jupyter.Wait() }()
	c.Env = append(c.Env, "JPY_PARENT_PID="+strconv.Itoa(jupyter.Process.Pid))
	k := &kernel{Session: &wiretest.Session{Client: startClient(t, c), T: t, Limit: limit}, dir: c.Dir, log: &wiretest.Log{}}
	defer k.Close()
	o := k.OK("%wasm\nfunc main() {\n\tfmt.Println(\"in the page\")\n}")
	if shown := fmt.Sprint(o.Displays); !strings.Contains(shown, "wasm_exec.js") {
		t.Errorf("the page is given %s, want the start of the program", shown)
	}
	found, err := filepath.Glob(filepath.Join(jupyter.Dir, "*", "*", "gonb_cell.wasm"))
	hidden, err2 := filepath.Glob(filepath.Join(jupyter.Dir, ".*", "*", "gonb_cell.wasm"))
	if found = append(found, hidden...); err != nil || err2 != nil || len(found) == 0 {
		t.Fatalf("programs: %v, %v, %v", found, err, err2)
	}
	if program, err := os.ReadFile(found[0]); err != nil || !bytes.HasPrefix(program, []byte("\x00asm")) {
		t.Errorf("%s is not WebAssembly: %v", found[0], err)
	}
}

// A widget's page talks to the cell: the test plays what GoNB's JavaScript does.
func TestWidgets(t *testing.T) {
	c, dir := command(t), socketDir(t)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	client, err := wire.Start(ctx, c, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	conn, err := wire.ReadConn(filepath.Join(dir, wire.ConnectionName))
	if err != nil {
		t.Fatal(err)
	}
	page, err := wire.Dial(ctx, conn, wire.Shell, "page")
	if err != nil {
		t.Fatal(err)
	}
	defer page.Close()
	send := func(kind string, content map[string]any) {
		content["comm_id"] = "of the page"
		m, err := wire.New(kind, nil, content)
		if err == nil {
			err = page.Send(m)
		}
		if err != nil {
			t.Error(err)
		}
	}
	kernelID := regexp.MustCompile(`_kernel_id: "([^"]+)"`)
	button := regexp.MustCompile(`newSyncedVariable\("([^"]+)"`)
	clicked := make(chan struct{})
	var clicking sync.WaitGroup
	s := wiretest.Session{Client: client, T: t, Limit: limit}
	s.Heard = func(m *wire.Message) {
		if id := kernelID.FindStringSubmatch(string(unescape(m.Content))); id != nil {
			send("comm_open", map[string]any{"target_name": "gonb_comm", "kernel_id": id[1], "data": map[string]any{}})
		}
		if address := button.FindStringSubmatch(string(unescape(m.Content))); address != nil {
			clicking.Go(func() {
				click(clicked, func() {
					send("comm_msg", map[string]any{"data": map[string]any{"address": address[1], "value": 1}})
				})
			})
		}
	}
	o := s.Run(`import "github.com/janpfeifer/gonb/gonbui/widgets"
clicks := widgets.Button("Go on").Done().Listen()
fmt.Println("clicked", <-clicks.C)`)
	close(clicked)
	clicking.Wait()
	if o.Status != "ok" || o.Stdout != "clicked 1\n" {
		t.Errorf("%s %s: %q %q", o.Status, o.Value, o.Stdout, o.Stderr)
	}
}

// click clicks until it was heard: nobody listens when the button appears.
func click(heard <-chan struct{}, button func()) {
	for {
		select {
		case <-heard:
			return
		case <-time.After(50 * time.Millisecond):
			button()
		}
	}
}

// unescape takes the quotes of a text in JSON as they are in the text.
func unescape(text []byte) []byte { return bytes.ReplaceAll(text, []byte(`\"`), []byte(`"`)) }
