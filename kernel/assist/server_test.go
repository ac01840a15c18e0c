package assist

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/proc"
)

// pid returns the number of the gopls that answers now.
func pid(t testing.TB, a *Assistant) int {
	t.Helper()
	ctx := timeout(t)
	for ctx.Err() == nil {
		n, ok := ask(ctx, a, func(_ context.Context, s *session) (int, error) { return s.server.PID(), nil })
		if ok {
			return n
		}
	}
	t.Fatalf("no gopls: %v", a.Err())
	return 0
}

func works(t testing.TB, a *Assistant) bool {
	t.Helper()
	return slices.Contains(a.Complete(timeout(t), "fmt.Pri", 7).Matches, "Println")
}

func TestNoGopls(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, dir, "go.work", "use .\n")
	dies := filepath.Join(dir, "dies")
	if err := os.WriteFile(dies, []byte("#!/bin/sh\necho out of memory >&2\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for gopls, want := range map[string]string{filepath.Join(dir, "none"): "no such file", dies: `exit status 3: "out of memory"`} {
		a := Start(t.Context(), Options{Gopls: gopls, Dir: dir})
		<-a.done
		if got := a.Complete(t.Context(), "fmt.", 4); len(got.Matches) > 0 || got.Start != 4 || got.End != 4 {
			t.Errorf("%+v, want no matches at 4", got)
		}
		if _, _, found := a.Inspect(t.Context(), "fmt.Println", 5, 0); found {
			t.Error("found something without gopls")
		}
		if err := a.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
		a.Close()
	}
}

func TestClose(t *testing.T) {
	a, _ := started(t)
	n := pid(t, a)
	below := append(proc.Below(n), n)
	a.Close()
	a.Close() // does no harm
	for _, n := range below {
		if proc.Alive(n) {
			t.Errorf("process %d (%s) is left", n, proc.Comm(n))
		}
	}
	if got := a.Complete(t.Context(), "fmt.", 4); len(got.Matches) > 0 {
		t.Errorf("matches %q after Close", got.Matches)
	}
}

// TestCloseEarly closes while gopls is being started or loads.
func TestCloseEarly(t *testing.T) {
	gopls, env := installation(t)
	dir := gonbDir(t, env)
	for _, after := range []time.Duration{0, time.Millisecond, 100 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		a := Start(ctx, Options{Gopls: gopls, Dir: dir, Env: env})
		<-a.done // by the end of ctx
		a.Close()
		cancel()
	}
	for _, n := range proc.Below(os.Getpid()) {
		if proc.Comm(n) == "gopls" {
			t.Errorf("process %d is left", n)
		}
	}
}

func TestTrouble(t *testing.T) {
	a, _ := started(t)
	t.Run("deadline", func(t *testing.T) { testDeadline(t, a) })
	t.Run("late", func(t *testing.T) { testLate(t, a) })
	t.Run("crash", func(t *testing.T) { testCrash(t, a) })
}

// testLate checks that a gopls that is slow for seconds gives an answer late, and not none.
func testLate(t *testing.T, a *Assistant) {
	n := pid(t, a)
	kill(t, n, syscall.SIGSTOP)
	time.AfterFunc(3*time.Second, func() {
		if err := syscall.Kill(n, syscall.SIGCONT); err != nil {
			t.Error(err)
		}
	})
	if got := a.Complete(t.Context(), "fmt.Pri", 7); !slices.Contains(got.Matches, "Println") {
		t.Errorf("%+v from a gopls that was slow for 3 s", got)
	}
}

func testDeadline(t *testing.T, a *Assistant) {
	n := pid(t, a)
	kill(t, n, syscall.SIGSTOP)
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		begin := time.Now()
		got := a.Complete(ctx, "fmt.Pri", 7)
		cancel()
		if len(got.Matches) > 0 || got.Start != 4 || got.End != 7 {
			t.Errorf("%+v from a gopls that is stopped", got)
		}
		if took := time.Since(begin); took > patience/2 {
			t.Errorf("an answer after %v, want it at the deadline of 50 ms", took)
		}
	}
	kill(t, n, syscall.SIGCONT)
	if !works(t, a) {
		t.Errorf("does not work after a deadline was missed: %v", a.Err())
	}
}

func testCrash(t *testing.T, a *Assistant) {
	first := pid(t, a)
	kill(t, first, syscall.SIGKILL)
	second := first
	for second == first {
		second = pid(t, a) // the old session may still take a request or two
	}
	if !works(t, a) {
		t.Errorf("does not work after a new start: %v", a.Err())
	}
	kill(t, second, syscall.SIGKILL)
	<-a.done // two crashes in a minute are enough
	if err := a.Err(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("error %v, want how gopls ended", err)
	}
}

// TestParentKilled checks that gopls ends with the process that started it.
func TestParentKilled(t *testing.T) {
	gopls, env := installation(t)
	cmd := exec.Command(os.Args[0], "-test.run=^TestParent$")
	cmd.Env = append(env, "ASSIST_PARENT="+gopls, "ASSIST_DIR="+gonbDir(t, env))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var n int
	lines := bufio.NewScanner(out)
	for n == 0 && lines.Scan() {
		_, _ = fmt.Sscanf(lines.Text(), "gopls %d", &n) // other lines are of no interest
	}
	kill(t, cmd.Process.Pid, syscall.SIGKILL)
	_ = cmd.Wait() // it was killed
	if n == 0 {
		t.Fatal("the child has started no gopls")
	}
	deadline := time.Now().Add(10 * time.Second)
	for proc.Alive(n) {
		if time.Now().After(deadline) {
			t.Fatalf("gopls %d outlives its parent", n)
		}
		time.Sleep(5 * time.Millisecond) // no event tells of the end of a process that is not a child
	}
}

// TestParent is the process that TestParentKilled kills.
func TestParent(t *testing.T) {
	gopls := os.Getenv("ASSIST_PARENT")
	if gopls == "" {
		t.Skip("TestParentKilled runs it")
	}
	a := Start(t.Context(), Options{Gopls: gopls, Dir: os.Getenv("ASSIST_DIR")})
	await(t, a)
	fmt.Printf("gopls %d\n", pid(t, a))
	<-a.done
}

func kill(t testing.TB, pid int, signal syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, signal); err != nil {
		t.Fatal(err)
	}
}
