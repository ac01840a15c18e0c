package front

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// settled is how long what has been told to end may take.
const settled = limit / 5

// goroutines are those of the kernel's packages, beside this one, that do not end.
func goroutines() (left []string) {
	for end := time.Now().Add(settled); ; time.Sleep(5 * time.Millisecond) {
		stacks := make([]byte, 1<<20)
		left = nil
		for i, stack := range strings.Split(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
			if i > 0 && strings.Contains(stack, "gossl/kernel/") { // the first one is this
				left = append(left, stack)
			}
		}
		if len(left) == 0 || time.Now().After(end) {
			return left
		}
	}
}

// files are what this process has open.
func files() map[string]string {
	open := map[string]string{}
	links, _ := filepath.Glob("/proc/self/fd/*")
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil { // not that by which they are listed
			open[filepath.Base(link)] = to
		}
	}
	return open
}

// added are the files that were opened and stay open.
func added(before map[string]string, after func() map[string]string) (more []string) {
	for end := time.Now().Add(settled); ; time.Sleep(5 * time.Millisecond) {
		more = nil
		for fd, to := range after() {
			if before[fd] != to {
				more = append(more, fd+" "+to)
			}
		}
		if len(more) == 0 || time.Now().After(end) {
			slices.Sort(more)
			return more
		}
	}
}

// empty checks that a folder holds nothing, once it has had the time.
func empty(t *testing.T, dir string) {
	t.Helper()
	for end := time.Now().Add(settled); ; time.Sleep(5 * time.Millisecond) {
		left, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Errorf("%v is left in %s", left, dir)
			return
		}
	}
}
