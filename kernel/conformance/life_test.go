package conformance

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/proc"
	"github.com/gossl/gossl/kernel/wire"
)

// gone waits until none of some processes lives.
func gone(t *testing.T, pids []int) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for {
		var left []int
		for _, pid := range pids {
			if proc.Alive(pid) {
				left = append(left, pid)
			}
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			for _, pid := range left {
				t.Errorf("process %d (%s) lives on", pid, proc.Comm(pid))
			}
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// busy starts a cell that sleeps, and returns all processes of the kernel.
func (k *kernel) busy() []int {
	k.T.Helper()
	k.Start("exec.Command(\"sleep\", \"300\").Start()\n" + tellStarted + "time.Sleep(time.Minute)").Await("started")
	return proc.Below(k.PID())
}

// find returns the process of a name among some.
func find(t testing.TB, pids []int, name string) int {
	t.Helper()
	for _, pid := range pids {
		if proc.Comm(pid) == name {
			return pid
		}
	}
	t.Fatalf("no process %s", name)
	return 0
}

// Whoever dies, nobody is left behind.
func TestNothingIsLeftBehind(t *testing.T) {
	for name, die := range map[string]func(k *kernel, pids []int) error{
		"the front is killed": func(k *kernel, _ []int) error { return syscall.Kill(k.PID(), syscall.SIGKILL) },
		"GoNB is killed":      func(k *kernel, pids []int) error { return syscall.Kill(find(k.T, pids, "gonb"), syscall.SIGKILL) },
		"the front is ended":  func(k *kernel, _ []int) error { return syscall.Kill(k.PID(), syscall.SIGTERM) },
		"shutdown":            func(k *kernel, _ []int) error { return k.Shutdown(k.T.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			k := start(t)
			pids := k.busy()
			if err := die(k, pids); err != nil {
				t.Fatal(err)
			}
			gone(t, append(pids, k.PID()))
		})
	}
}

// A soak of cells leaks no descriptor.
func TestSoak(t *testing.T) {
	if os.Getenv("SSLKIT_LONG") == "" {
		t.Skip("takes long: SSLKIT_LONG=1 runs it; TestSoak of kernel/front is the short one")
	}
	k := start(t)
	descriptors := func() int {
		list, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(k.PID()), "fd"))
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	k.OK("x := 1\nfmt.Println(x)")
	before := descriptors()
	for i := range 100 {
		switch i % 3 {
		case 0:
			k.OK("fmt.Println(" + strconv.Itoa(i) + ")")
		case 1:
			k.OK("gonbui.DisplayHTML(\"" + strconv.Itoa(i) + "\")")
		case 2:
			k.Fails("panic("+strconv.Itoa(i)+")", "panic", strconv.Itoa(i))
		}
	}
	if after := descriptors(); after > before+2 {
		t.Errorf("%d descriptors before, %d after the cells", before, after)
	}
}

// Every start is good.
func TestStarts(t *testing.T) {
	starts := 5
	if os.Getenv("SSLKIT_LONG") != "" {
		starts = 100
	}
	c := command(t)
	for range starts {
		client := startClient(t, c)
		if _, err := client.Execute(t.Context(), "", nil); err != nil {
			t.Error(err)
		}
		if err := client.Shutdown(t.Context()); err != nil && !errors.Is(err, wire.ErrKernelDied) {
			t.Error(err)
		}
		client.Close()
	}
}
