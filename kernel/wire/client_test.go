package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/wire"
	"github.com/gossl/gossl/kernel/wire/wiretest"
)

// said lists what a cell's messages say.
func said(t *testing.T, client *wire.Client, code string) (messages []string, reply *wire.Message) {
	t.Helper()
	reply, err := client.Execute(limited(t), code, func(m *wire.Message) {
		kind := m.Header.Type
		for _, name := range []string{"text", "execution_state", "evalue"} {
			if text := field(t, m, name); text != "" {
				kind += " " + text
			}
		}
		messages = append(messages, kind)
	})
	if err != nil {
		t.Fatal(err)
	}
	return messages, reply
}

func TestExecute(t *testing.T) {
	client := start(t, wire.Command{})
	tests := []struct {
		name, code, want, status string
	}{
		{"order", "print a\nwarn b\nprint c", "stream a, stream b, stream c, status idle", "ok"},
		{"error", "print a\nfail panic on purpose\nprint never", "stream a, error on purpose, status idle", "error"},
		{"reply after idle", "print a\nidle-first", "stream a, status idle", "ok"},
		{"reply before outputs", "reply-first\nprint late", "stream late, status idle", "ok"},
		{"forged", "print a\nforge b\nprint c", "stream a, stream c, status idle", "ok"},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			messages, reply := said(t, client, test.code)
			if got, want := strings.Join(messages, ", "), "status busy, execute_input, "+test.want; got != want {
				t.Errorf("messages %s, want %s", got, want)
			}
			if got := field(t, reply, "status"); got != test.status {
				t.Errorf("status %s, want %s", got, test.status)
			}
			if got, want := string(reply.Content), fmt.Sprintf(`"execution_count":%d`, i+1); !strings.Contains(got, want) {
				t.Errorf("reply %s, want %s in it", got, want)
			}
		})
	}
	if got := client.Dropped(); got != 1 {
		t.Errorf("%d messages dropped, want the forged one", got)
	}
}

func TestManyMessages(t *testing.T) {
	const many = 100_000
	client := start(t, wire.Command{})
	next := 0
	_, err := client.Execute(limited(t), fmt.Sprint("lines ", many), func(m *wire.Message) {
		if m.Header.Type == "stream" {
			if want := fmt.Sprintf(`"line %d\n"`, next); !strings.Contains(string(m.Content), want) {
				t.Errorf("%s, want %s", m.Content, want)
			}
			next++
		}
	})
	if err != nil || next != many {
		t.Errorf("%d lines, %v, want %d", next, err, many)
	}
}

func TestLargeMessage(t *testing.T) {
	const size = 8 << 20
	client := start(t, wire.Command{})
	got := 0
	_, err := client.Execute(limited(t), fmt.Sprint("picture ", size), func(m *wire.Message) {
		var content struct {
			Data map[string]string `json:"data"`
		}
		if err := json.Unmarshal(m.Content, &content); err != nil {
			t.Error(err)
		}
		got += len(content.Data["image/png"])
	})
	if err != nil || got != size {
		t.Errorf("%d bytes, %v, want %d", got, err, size)
	}
}

func TestInterrupt(t *testing.T) {
	client := start(t, wire.Command{})
	reply, err := client.Execute(limited(t), "print running\nwait\nprint never", func(m *wire.Message) {
		if m.Header.Type == "stream" {
			if err := client.Interrupt(limited(t)); err != nil {
				t.Error(err)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := field(t, reply, "ename"); got != "Interrupt" {
		t.Errorf("error %q, want Interrupt", got)
	}
	if _, reply := said(t, client, "print on"); field(t, reply, "status") != "ok" {
		t.Error("the next cell fails")
	}
}

func TestInput(t *testing.T) {
	client := start(t, wire.Command{Input: func(prompt string, password bool) string {
		return fmt.Sprint(prompt, " ", password)
	}})
	messages, _ := said(t, client, "ask name\nask password")
	if got := strings.Join(messages, ", "); !strings.Contains(got, "stream answer name false, stream answer password true") {
		t.Errorf("messages %s, want the answers", got)
	}
	if _, reply := said(t, start(t, wire.Command{}), "ask name"); field(t, reply, "ename") != "NoInput" {
		t.Error("the cell was not told that there is no input")
	}
}

// TestExecuteIsAbandoned leaves a cell that goes on: its messages belong to nobody.
func TestExecuteIsAbandoned(t *testing.T) {
	client := start(t, wire.Command{})
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(limited(t))
	_, err := client.Execute(ctx, "wait", func(m *wire.Message) { cancel(stop) })
	if !errors.Is(err, stop) {
		t.Errorf("error %v, want %v", err, stop)
	}
	if err := client.Interrupt(limited(t)); err != nil {
		t.Error(err)
	}
	messages, _ := said(t, client, "print own")
	if got, want := strings.Join(messages, ", "), "status busy, execute_input, stream own, status idle"; got != want {
		t.Errorf("messages %s, want %s", got, want)
	}
}

func TestKernelDies(t *testing.T) {
	for code, want := range map[string]string{"exit 7": "exit status 7", "die": "signal: killed"} {
		t.Run(code, func(t *testing.T) {
			client := start(t, wire.Command{})
			heard := false
			_, err := client.Execute(limited(t), "print last words\n"+code, func(m *wire.Message) {
				heard = heard || m.Header.Type == "stream"
			})
			if !errors.Is(err, wire.ErrKernelDied) || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %v and %s", err, wire.ErrKernelDied, want)
			}
			if _, err := client.Execute(limited(t), "print a", nil); !errors.Is(err, wire.ErrKernelDied) {
				t.Errorf("cell for a dead kernel: error %v, want %v", err, wire.ErrKernelDied)
			}
			if err := client.Interrupt(limited(t)); !errors.Is(err, wire.ErrKernelDied) {
				t.Errorf("interrupt of a dead kernel: error %v, want %v", err, wire.ErrKernelDied)
			}
			if err := client.Shutdown(limited(t)); err != nil {
				t.Errorf("shutdown of a dead kernel: %v, want no error", err)
			}
			if err := client.Restart(limited(t)); err != nil {
				t.Fatal(err)
			}
			if _, reply := said(t, client, "print a"); field(t, reply, "status") != "ok" {
				t.Error("the kernel does not run after a restart")
			}
		})
	}
}

func TestShutdown(t *testing.T) {
	client := start(t, wire.Command{})
	pid := client.PID()
	if err := client.Shutdown(limited(t)); err != nil {
		t.Fatal(err)
	}
	if alive(pid) {
		t.Error("the process is still there")
	}
	client = start(t, wire.Command{Argv: wiretest.Argv("deaf")})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := client.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("kernel that does not end: error %v, want %v", err, context.DeadlineExceeded)
	}
}

// TestClose ends a kernel that does not listen to SIGTERM, and what it started.
func TestClose(t *testing.T) {
	for _, end := range []string{"close", "die"} {
		t.Run(end, func(t *testing.T) {
			client := start(t, wire.Command{Argv: wiretest.Argv("deaf")})
			file := filepath.Join(t.TempDir(), "pid")
			said(t, client, "spawn "+file)
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			child, err := strconv.Atoi(string(content))
			if err != nil {
				t.Fatal(err)
			}
			if !alive(child) {
				t.Fatal("the kernel's child does not run")
			}
			if end == "die" {
				if _, err := client.Execute(limited(t), "die", nil); !errors.Is(err, wire.ErrKernelDied) {
					t.Fatal(err)
				}
			} else {
				client.Close()
			}
			if alive(client.PID()) {
				t.Error("the kernel is alive")
			}
			// That a process of somebody else's has ended cannot be waited for.
			for deadline := time.Now().Add(10 * time.Second); alive(child); time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the kernel's child is alive")
				}
			}
			client.Close()
		})
	}
}

// alive says whether a process runs; one that has ended and waits for its parent does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	_, state, _ := strings.Cut(string(stat), ") ")
	return err == nil && !strings.HasPrefix(state, "Z")
}
