package run

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// killUsers ends all processes whose temporary folder is dir: GoNB, gopls and cells outlive a driver that was killed.
func killUsers(dir string) {
	for range 50 {
		users := usersOf(dir)
		if len(users) == 0 {
			return
		}
		for _, pid := range users {
			syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// usersOf lists the processes whose temporary folder is dir.
func usersOf(dir string) (pids []int) {
	environments, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range environments {
		environment, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(append([]byte{0}, environment...), []byte("\x00TMPDIR="+dir+"\x00")) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
