package launch

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gossl/gossl/kernel/proc"
)

func TestGuardPassesOn(t *testing.T) {
	guard := exec.Command(filepath.Join(newGoNB(t).paths.Bin, GuardName), "/bin/sh", "-c", "cat; echo oops >&2; exit 3")
	var out, complaints bytes.Buffer
	guard.Stdin, guard.Stdout, guard.Stderr = strings.NewReader("hello"), &out, &complaints
	if err := guard.Run(); err == nil || guard.ProcessState.ExitCode() != 3 || out.String() != "hello" || complaints.String() != "oops\n" {
		t.Errorf("%v, %q, %q, want exit status 3, hello and oops", err, out.String(), complaints.String())
	}
	guard = exec.Command(filepath.Join(newGoNB(t).paths.Bin, GuardName), "/bin/sh", "-c", "kill -9 $$")
	if text, err := guard.CombinedOutput(); err == nil || !strings.Contains(string(text), "signal: killed") {
		t.Errorf("%v, %q, want an error that names the signal", err, text)
	}
	guard = exec.Command(filepath.Join(newGoNB(t).paths.Bin, GuardName), "/no/such/program")
	if text, err := guard.CombinedOutput(); err == nil || !strings.Contains(string(text), "/no/such/program") {
		t.Errorf("%v, %q, want an error that names the program", err, text)
	}
}

func TestGuardEndsDescendants(t *testing.T) {
	guard := filepath.Join(newGoNB(t).paths.Bin, GuardName)
	// The grandchild has a process group of its own, and does not listen to SIGTERM.
	parent := exec.Command("/bin/sh", "-c", guard+` /bin/sh -c 'trap "" TERM; setsid sleep 300 & sleep 300'; exit`)
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var below []int
	awaitTrue(t, "four processes", func() bool {
		below = proc.Below(parent.Process.Pid)
		return len(below) == 4 && proc.Comm(below[2]) == "sleep" && proc.Comm(below[3]) == "sleep"
	})
	t.Cleanup(func() {
		for _, pid := range below {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	awaitTrue(t, "all to end", func() bool {
		for _, pid := range below {
			if proc.Alive(pid) {
				return false
			}
		}
		return true
	})
	_ = parent.Wait() // it was killed
}
