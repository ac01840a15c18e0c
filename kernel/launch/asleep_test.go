package launch

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// waiters is a program that waits for what its first argument says.
const waiters = `package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"time"
)

func main() {
	fmt.Println("ready")
	switch os.Args[1] {
	case "channel":
		for range 100 {
			go func() { <-make(chan int) }()
		}
		<-make(chan int)
	case "lock":
		var mu sync.Mutex
		mu.Lock()
		mu.Lock()
	case "pipe": // of ours
		f, _ := os.Open(os.Args[2])
		go f.Read(make([]byte, 1))
		select {}
	case "sleep":
		time.Sleep(time.Hour)
	case "timer":
		<-time.After(time.Hour)
	case "network":
		l, err := net.Listen("tcp", "localhost:0")
		if err != nil {
			panic(err)
		}
		l.Accept()
	case "another pipe":
		r, _, _ := os.Pipe()
		r.Read(make([]byte, 1))
	case "input":
		os.Stdin.Read(make([]byte, 1))
	case "process":
		exec.Command("sleep", "60").Run()
	case "work":
		for {
		}
	}
}
`

func TestAsleep(t *testing.T) {
	dir := t.TempDir()
	program := builtWaiters(t, dir)
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	for how, want := range map[string]bool{
		"channel": true, "lock": true, "pipe": true,
		"sleep": false, "timer": false, "network": false, "another pipe": false, "input": false, "process": false, "work": false,
	} {
		t.Run(how, func(t *testing.T) {
			cmd := exec.Command(program, how, fifo)
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
				_ = cmd.Wait() // it was killed
			}()
			if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			got := false
			for range 50 { // a process that has just begun is not at rest
				time.Sleep(20 * time.Millisecond)
				if got = asleep(cmd.Process.Pid, fifo); got {
					break
				}
			}
			if got != want {
				t.Errorf("asleep is %v", got)
				tasks, _ := filepath.Glob("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/task/*/syscall")
				for _, task := range tasks {
					call, err := os.ReadFile(task)
					t.Logf("%s: %s %v", task, call, err)
				}
			}
		})
	}
	if asleep(1 << 30) {
		t.Error("a process that is not there sleeps")
	}
}

// builtWaiters builds the program that waits.
func builtWaiters(t *testing.T, dir string) string {
	t.Helper()
	for name, text := range map[string]string{"main.go": waiters, "go.mod": "module waiters\n\ngo 1.26\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-o", "waiters")
	build.Dir, build.Env = dir, append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "waiters")
}

func TestCatches(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if !catches(self) || !catches(self+".none") || !catches("/bin/sh") {
		t.Error("a program that may catch signals does not")
	}
}
