package proc

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// part is the environment variable by which this binary plays another process of a test.
const part = "PROC_TEST_PART"

func TestMain(m *testing.M) {
	switch os.Getenv(part) {
	case "parent": // starts a process that dies with it, and stays
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), part+"=child")
		child.Stdout = os.Stdout
		must(child.Run())
	case "child":
		must(DieWithParent(syscall.SIGKILL))
		fmt.Println(os.Getpid())
		time.Sleep(time.Hour)
	case "reaper": // becomes the parent of an orphan that ignores SIGTERM, and ends it
		must(SetSubreaper())
		orphan := strings.TrimSpace(output(`trap "" TERM; sleep 1000 >/dev/null 2>&1 & echo $!`))
		pid, err := strconv.Atoi(orphan)
		must(err)
		fmt.Println(slices.Contains(Below(os.Getpid()), pid))
		must(KillBelow(os.Getpid(), time.Millisecond))
		fmt.Println(Alive(pid))
	default:
		os.Exit(m.Run())
	}
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func output(script string) string {
	out, err := exec.Command("/bin/sh", "-c", script).Output()
	must(err)
	return string(out)
}

// start runs a script and returns it with the numbers that its first line says.
func start(t *testing.T, cmd *exec.Cmd) (pids []int, rest *bufio.Reader) {
	t.Helper()
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	rest = bufio.NewReader(pipe)
	line, err := rest.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range strings.Fields(line) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			t.Fatalf("the process said %q: %v", line, err)
		}
		pids = append(pids, pid)
	}
	return pids, rest
}

func shell(script string) *exec.Cmd { return exec.Command("/bin/sh", "-c", script) }

func TestBelow(t *testing.T) {
	cmd := shell(`sh -c 'sleep 1000 & echo $$ $!; wait' & wait`)
	pids, _ := start(t, cmd)
	if got := Below(cmd.Process.Pid); !slices.Equal(got, pids) {
		t.Errorf("below the shell are %v, want %v", got, pids)
	}
	other := shell(`sleep 1000 & echo $!; wait`)
	more, _ := start(t, other)
	if got, want := Below(cmd.Process.Pid, other.Process.Pid), []int{pids[0], more[0], pids[1]}; !slices.Equal(got, want) {
		t.Errorf("below both shells are %v, want %v", got, want)
	}
	if got := Below(); len(got) != 0 {
		t.Errorf("below nobody are %v", got)
	}
	if got := Children()[cmd.Process.Pid]; !slices.Equal(got, pids[:1]) {
		t.Errorf("children of the shell are %v, want %v", got, pids[:1])
	}
	if got := Comm(pids[0]); got != "sh" {
		t.Errorf("name %q, want sh", got)
	}
}

func TestComm(t *testing.T) {
	if got := Comm(1 << 30); got != "" {
		t.Errorf("name of no process: %q", got)
	}
}

func TestAlive(t *testing.T) {
	cmd := shell("echo; read line")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	_, rest := start(t, cmd)
	if pid := cmd.Process.Pid; !Alive(pid) {
		t.Errorf("%d is not alive", pid)
	}
	stdin.Close()
	if _, err := io.Copy(io.Discard, rest); err != nil { // until it has ended
		t.Fatal(err)
	}
	for start := time.Now(); Alive(cmd.Process.Pid); { // nobody has waited for it: a zombie
		if time.Since(start) > 10*time.Second {
			t.Fatal("a zombie counts as alive")
		}
	}
	if Alive(1 << 30) {
		t.Error("no process counts as alive")
	}
}

func TestKillBelow(t *testing.T) {
	tests := []struct {
		name, script string
		grace        time.Duration
	}{
		{"at once", `sh -c 'sleep 1000 & echo $$ $!; wait' & wait`, time.Minute},
		{"other group", `setsid sh -c 'sleep 1000 & echo $$ $!; wait' & wait`, time.Minute},
		{"ignores SIGTERM", `sh -c 'trap "" TERM; sleep 1000 & echo $$ $!; while :; do wait; done' & wait`, 10 * time.Millisecond},
		{"stopped", `sh -c 'sleep 1000 & echo $$ $!; kill -STOP $$' & wait`, 10 * time.Millisecond},
		{"leaves a child", `sh -c '(trap "" TERM; exec sleep 1000) & echo $$ $!; wait' & wait`, 50 * time.Millisecond},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cmd := shell(test.script + `; read line`)
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer stdin.Close()
			pids, _ := start(t, cmd)
			if err := KillBelow(cmd.Process.Pid, test.grace); err != nil {
				t.Fatal(err)
			}
			for _, pid := range pids {
				if Alive(pid) {
					t.Errorf("%d is alive", pid)
				}
			}
			if !Alive(cmd.Process.Pid) {
				t.Error("the process itself was ended")
			}
		})
	}
}

func TestKillBelowLetsProcessesFinish(t *testing.T) {
	cmd := shell(`sh -c 'trap "echo finished; exit" TERM; echo $$; while :; do sleep 0.01; done' & wait; read line`)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	_, rest := start(t, cmd)
	if err := KillBelow(cmd.Process.Pid, time.Minute); err != nil {
		t.Fatal(err)
	}
	stdin.Close()
	if said, err := io.ReadAll(rest); err != nil || string(said) != "finished\n" {
		t.Errorf("the process said %q, %v, want finished", said, err)
	}
}

func TestDieWithParent(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), part+"=parent")
	pids, rest := start(t, cmd)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, rest); err != nil { // the child holds the pipe until it ends
		t.Fatal(err)
	}
	for start := time.Now(); Alive(pids[0]); {
		if time.Since(start) > 10*time.Second {
			t.Fatalf("%d outlives its parent", pids[0])
		}
	}
}

func TestSubreaper(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), part+"=reaper")
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "true\nfalse\n" {
		t.Errorf("the reaper said %q, %v, want that it found the orphan and that it ended it", out, err)
	}
}
