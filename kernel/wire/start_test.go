package wire_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gossl/gossl/kernel/wire"
	"github.com/gossl/gossl/kernel/wire/wiretest"
)

func TestStartFails(t *testing.T) {
	tests := []struct {
		name string
		argv []string
		want []string
	}{
		{"no command", nil, []string{"no command, want its argv"}},
		{"no program", []string{"/no/such/kernel"}, []string{"start the kernel", "/no/such/kernel"}},
		{"ends at once", []string{"sh", "-c", "echo no such chip >&2; exit 4"}, []string{"the kernel died: exit status 4"}},
		{"never listens", []string{"sleep", "600"}, []string{"dial iopub: too late"}},
		{"never answers", wiretest.Argv("mute"), []string{"kernel_info_request: too late"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			limit := time.Second
			if test.name == "never answers" {
				limit = 5 * time.Second // a busy machine takes long to start it
			}
			ctx, cancel := context.WithTimeoutCause(t.Context(), limit, errors.New("too late"))
			defer cancel()
			var stderr bytes.Buffer
			_, err := wire.Start(ctx, wire.Command{Argv: test.argv, Stderr: &stderr}, t.TempDir())
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want %s in it", err, want)
				}
			}
			if test.name == "ends at once" && (!errors.Is(err, wire.ErrKernelDied) || stderr.String() != "no such chip\n") {
				t.Errorf("error %v, stderr %q", err, stderr.String())
			}
		})
	}
}

// TestStartUsesCommand starts a kernel by a shell that shows where and how it runs.
func TestStartUsesCommand(t *testing.T) {
	cells, dir := t.TempDir(), t.TempDir()
	var stderr bytes.Buffer
	argv := append([]string{"sh", "-c", `pwd; echo "$COLOUR"; stat -c %a "$3"; exec "$@"`, "sh"}, wiretest.Argv()...)
	client, err := wire.Start(limited(t), wire.Command{
		Argv: argv, Env: append(os.Environ(), "COLOUR=green"), Dir: cells, Stderr: &stderr,
	}, dir)
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
	if got, want := stderr.String(), cells+"\ngreen\n600\n"; got != want {
		t.Errorf("the kernel printed %q, want %q", got, want)
	}
}

func TestRequest(t *testing.T) {
	client := start(t, wire.Command{})
	reply, err := client.Request(limited(t), wire.Shell, "comm_info_request", nil)
	if err != nil {
		t.Fatal(err)
	}
	if reply.Header.Type != "comm_info_reply" || reply.Parent.Type != "comm_info_request" {
		t.Errorf("reply %s to %s", reply.Header.Type, reply.Parent.Type)
	}
	if _, err := client.Request(limited(t), wire.IOPub, "status", nil); err == nil || !strings.Contains(err.Error(), "status on iopub, want shell or control") {
		t.Errorf("request on iopub: error %v", err)
	}
}

func TestRestart(t *testing.T) {
	client := start(t, wire.Command{})
	said(t, client, "forge a")
	pid := client.PID()
	if err := client.Restart(limited(t)); err != nil {
		t.Fatal(err)
	}
	if alive(pid) || client.PID() == pid {
		t.Errorf("process %d is still the kernel", pid)
	}
	_, reply := said(t, client, "forge b\nprint a")
	if got := string(reply.Content); !strings.Contains(got, `"execution_count":1`) {
		t.Errorf("reply %s, want that to a first cell", got)
	}
	if got := client.Dropped(); got != 2 {
		t.Errorf("%d messages dropped, want those before and after the restart", got)
	}
}

// TestKernelsAreApart runs two kernels at once.
func TestKernelsAreApart(t *testing.T) {
	first, second := start(t, wire.Command{}), start(t, wire.Command{})
	file := filepath.Join(t.TempDir(), "done")
	done := make(chan error, 1)
	go func() {
		_, err := first.Execute(limited(t), "print waiting\nwait", func(m *wire.Message) {
			if m.Header.Type == "stream" {
				_, err := second.Execute(limited(t), "touch "+file, nil)
				if err == nil {
					err = first.Interrupt(limited(t))
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
		done <- err
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}
