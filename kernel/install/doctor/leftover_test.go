package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

func TestDisk(t *testing.T) {
	const mib = 1 << 20
	tests := []struct {
		name        string
		home, temp  int64
		status      Status
		detail, fix string
	}{
		{"room", 3000 * mib, 3000 * mib, OK, "2.9 GiB free", ""},
		{"little", 3000 * mib, 1000 * mib, Warn, "1.0 GiB free", "make room"},
		{"none", 100 * mib, 1000 * mib, Fail, "0.1 GiB free", "make room"},
		{"none for files that come last", 3000 * mib, 0, Fail, "0.0 GiB free", "make room"},
	}
	for _, test := range tests {
		d := sick(t)
		d.free = func(dir string) (int64, error) {
			if dir == string(d.Home) {
				return test.home, nil
			}
			return test.temp, nil
		}
		expect(t, d.disk(t.Context()), test.status, test.detail, test.fix)
	}
	d := sick(t)
	d.free = func(string) (int64, error) { return 0, errors.New("no such disk") }
	expect(t, d.disk(t.Context()), Fail, "no such disk", "make setup")
}

func TestStale(t *testing.T) {
	d := sick(t)
	expect(t, d.stale(t.Context()), OK, "none in "+d.Home.Temp(), "")
	killed, running := filepath.Join(d.Home.Temp(), "kernel-1"), filepath.Join(d.Home.Temp(), "kernel-2")
	write(t, filepath.Join(killed, "lock"), "")
	write(t, filepath.Join(running, "lock"), "")
	lock := flock.New(filepath.Join(running, "lock"))
	if got, err := lock.TryLock(); err != nil || !got {
		t.Fatal(got, err)
	}
	defer lock.Close()
	started, old := filepath.Join(d.Home.Temp(), "kernel-3"), filepath.Join(d.Home.Temp(), "kernel-4") // without a lock
	write(t, filepath.Join(started, "bin", "go"), "")
	write(t, filepath.Join(old, "tmp", "go-build1"), "")
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	expect(t, d.stale(t.Context()), Warn, "2 of killed kernels\n"+killed+"\n"+old, "doctor --clean")
	d.Clean = true
	expect(t, d.stale(t.Context()), OK, "removed 2 of killed kernels\n"+killed+"\n"+old, "")
	expect(t, d.stale(t.Context()), OK, "none", "")
	if _, err := os.Stat(killed); err == nil {
		t.Errorf("%s is still there", killed)
	}
	for _, dir := range []string{running, started} {
		if _, err := os.Stat(dir); err != nil {
			t.Error(err)
		}
	}
}

// madeUp adds a process to the doctor's file system.
func madeUp(t *testing.T, d *Doctor, pid, parent, program, args string) {
	t.Helper()
	dir := d.system("proc/" + pid)
	write(t, filepath.Join(dir, "status"), "Name:\tx\nTgid:\t"+pid+"\nPPid:\t"+parent+"\nUid:\t0\n")
	write(t, filepath.Join(dir, "comm"), filepath.Base(program)+"\n")
	write(t, filepath.Join(dir, "cmdline"), strings.ReplaceAll(args, " ", "\x00")+"\x00")
	if err := os.Symlink(program, filepath.Join(dir, "exe")); err != nil {
		t.Fatal(err)
	}
}

func TestStrays(t *testing.T) {
	tests := []struct {
		name                  string
		first                 string // the first process
		parent, program, args string // of process 30; "HOME" stands for the data directory
		stray                 bool
	}{
		{"gopls without parent", "/sbin/init", "1", "HOME/bin/gopls", "gopls", true},
		{"gopls of a session that systemd cares for", "/sbin/init", "20", "HOME/bin/gopls", "gopls", true},
		{"gopls without parent in a container", "/usr/bin/bash", "1", "HOME/bin/gopls", "gopls", true},
		{"deleted cell", "/sbin/init", "1", "HOME/tmp/kernel-1/tmp/gonb_1/gonb_1.bin (deleted)", "gonb_1", true},
		{"gopls of a kernel", "/sbin/init", "10", "HOME/bin/gopls", "gopls", false},
		{"somebody else's gopls", "/sbin/init", "1", "/go/bin/gopls", "gopls", false},
		{"folder with a like name", "/sbin/init", "1", "HOME2/bin/gopls", "gopls", false},
		{"kernel without Jupyter", "/sbin/init", "1", "HOME/bin/sslkit-kernel", "sslkit-kernel launch file", true},
		{"kernel of a Jupyter in a container", "/usr/bin/python3", "1", "HOME/bin/sslkit-kernel", "sslkit-kernel launch file", false},
		{"run by a service", "/usr/lib/systemd", "1", "HOME/bin/sslkit-kernel", "sslkit-kernel run n.ipynb", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := sick(t)
			madeUp(t, d, "1", "0", test.first, "first")
			madeUp(t, d, "10", "1", "/usr/bin/jupyter", "jupyter lab")
			madeUp(t, d, "20", "1", "/usr/lib/systemd/systemd", "systemd --user")
			madeUp(t, d, "30", test.parent, strings.Replace(test.program, "HOME", string(d.Home), 1), test.args)
			write(t, d.system("proc/40/status"), "ends this moment")
			if test.stray {
				expect(t, d.strays(t.Context()), Warn, "30 "+string(d.Home)+"/", "kill 30")
			} else {
				expect(t, d.strays(t.Context()), OK, "none", "")
			}
		})
	}
}
