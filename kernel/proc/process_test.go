package proc

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A process takes its group along, however it ends.
func TestProcessGroup(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		end    func(*Process)
		want   string // what State says
	}{
		"by itself":        {`echo $! ; exit 3`, func(*Process) {}, "exit status 3"},
		"by a signal":      {`echo $! ; wait`, func(p *Process) { p.Signal(syscall.SIGINT) }, "signal: interrupt"},
		"stopped":          {`echo $! ; wait`, func(p *Process) { p.Stop(time.Minute) }, "signal: terminated"},
		"stopped by force": {`trap "" TERM ; echo $! ; while :; do wait; done`, func(p *Process) { p.Stop(10 * time.Millisecond) }, "signal: killed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer read.Close()
			cmd := exec.Command("/bin/sh", "-c", `sleep 1000 >/dev/null & `+c.script)
			cmd.Stdout = write
			p, err := Start(cmd, syscall.SIGKILL)
			if err != nil {
				t.Fatal(err)
			}
			write.Close()
			var child int
			if _, err := fmt.Fscan(read, &child); err != nil {
				t.Fatal(err)
			}
			c.end(p)
			select {
			case <-p.Gone():
			case <-time.After(time.Minute):
				t.Fatal("the process does not end")
			}
			if p.State().String() != c.want || fmt.Sprint(p.Err()) != c.want {
				t.Errorf("it ended with %v, error %v, want %s", p.State(), p.Err(), c.want)
			}
			for range 100 {
				if !Alive(child) {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			if Alive(child) {
				t.Error("what it started goes on")
			}
			p.Signal(syscall.SIGKILL) // nobody
			p.Stop(0)
		})
	}
	if _, err := Start(exec.Command("/no/such/program"), syscall.SIGKILL); err == nil {
		t.Error("started a program that is not there")
	}
}

func TestTail(t *testing.T) {
	tail := Tail{Size: 4}
	for _, step := range []struct{ write, want string }{
		{"ab", "ab"}, {"cde", "bcde"}, {"", "bcde"}, {"0123456789", "6789"}, {"x", "789x"}, {"yz", "9xyz"}, {strings.Repeat("a", 99) + "b", "aaab"},
	} {
		if n, err := tail.Write([]byte(step.write)); n != len(step.write) || err != nil {
			t.Errorf("Write(%q) = %d, %v", step.write, n, err)
		}
		if got := tail.String(); got != step.want {
			t.Errorf("after %q: %q, want %q", step.write, got, step.want)
		}
	}
	var usual Tail
	for range 5000 {
		fmt.Fprintln(&usual, "line")
	}
	if n := len(usual.String()); n != 8<<10 || cap(usual.kept) > 64<<10 {
		t.Errorf("%d bytes of it are kept in %d", n, cap(usual.kept))
	}
}

func TestParseCall(t *testing.T) {
	const futex = "202 0x55d0c8 0x80 0x0 0x0 0x0 0x0 0x7ffd10 0x7f1e\n"
	if c, ok := parseCall(futex); !ok || c.Number != unix.SYS_FUTEX || c.Arguments[0] != 0x55d0c8 || c.Arguments[1] != 0x80 {
		t.Errorf("%+v, %v", c, ok)
	}
	for _, text := range []string{"running\n", "", "0 0x1\n", "x 0x0 0x0 0x0 0x0 0x0 0x0 0x0 0x0", "0 0xg 0x0 0x0 0x0 0x0 0x0 0x0 0x0"} {
		if c, ok := parseCall(text); ok {
			t.Errorf("%q is read as %+v", text, c)
		}
	}
}

// Calls and FileOf tell that a process waits to read a file, and which.
func TestCalls(t *testing.T) {
	pipe := t.TempDir() + "/pipe"
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cmd := exec.Command("cat", pipe)
	p, err := Start(cmd, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop(0)
	for range 500 {
		calls, all := Calls(p.PID())
		if all && len(calls) == 1 && calls[0].Number == unix.SYS_READ && FileOf(p.PID(), calls[0].Arguments[0]) == pipe {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("cat is not seen to read the pipe")
}

func TestKillWith(t *testing.T) {
	entry := fmt.Sprintf("PROC_TEST_MARK=%d", time.Now().UnixNano())
	cmd := exec.Command("/bin/sh", "-c", "sleep 1000 & sleep 1000 & wait")
	cmd.Env = append(os.Environ(), entry)
	p, err := Start(cmd, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop(0)
	for range 500 {
		if len(With("/", entry)) == 3 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	found := With("/", entry)
	if len(found) != 3 {
		t.Fatalf("%d processes have the entry, want 3: %+v", len(found), found)
	}
	for _, f := range found {
		if f.Parent != p.PID() && f.Parent != os.Getpid() || f.Program == "" || len(f.Args) == 0 {
			t.Errorf("%+v", f)
		}
	}
	KillWith(entry)
	if left := With("/", entry); len(left) != 0 {
		t.Errorf("%+v are left", left)
	}
}

func TestAllFindsThisOne(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range All("/") {
		if p.PID == os.Getpid() {
			if p.Program != self || p.Parent != os.Getppid() || len(p.Environ) == 0 {
				t.Errorf("%+v, want program %s and parent %d", p, self, os.Getppid())
			}
			return
		}
	}
	t.Error("this process is not among the system's")
}
