package front

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gossl/gossl/kernel/pipes"
	"github.com/gossl/gossl/kernel/proc"
	"github.com/gossl/gossl/kernel/wire"
)

// stdin is the pipe that cells and commands read. It is made anew for each cell, so that
// input which one cell did not read does not reach the next.
type stdin struct {
	path string
	mu   sync.Mutex
	file *os.File // open for reading as well as writing, so that neither side waits for the other to open it
}

// renew makes the pipe anew. Whoever still reads the one before reaches its end.
func (s *stdin) renew() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.path + ".next"
	if err := unix.Mkfifo(next, 0o600); err != nil {
		return fmt.Errorf("front: %w", &os.PathError{Op: "mkfifo", Path: next, Err: err})
	}
	file, err := os.OpenFile(next, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("front: %w", err)
	}
	if err := os.Rename(next, s.path); err != nil {
		return fmt.Errorf("front: %w", err)
	}
	if s.file != nil {
		_ = s.file.Close() // it has been written to
	}
	s.file = file
	return nil
}

// close closes the pipe.
func (s *stdin) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		_ = s.file.Close() // nobody reads it any more
	}
}

// now is the pipe as it is now.
func (s *stdin) now() *os.File {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.file
}

// unread says whether there is something in the pipe.
func (s *stdin) unread() (some bool) {
	conn, err := s.now().SyscallConn()
	if err == nil {
		err = conn.Control(func(fd uintptr) {
			n, err := unix.IoctlGetInt(int(fd), unix.TIOCINQ)
			some = err == nil && n > 0
		})
	}
	return some && err == nil
}

const (
	glance  = 100 * time.Millisecond // between two looks at whether a cell waits for input
	glances = 20                     // after which they become rarer
	look    = 500 * time.Millisecond
)

// watchInput asks the client for input whenever the cell, or what it started,
// waits for some.
func (f *front) watchInput(r *running) {
	for i := 0; ; i++ {
		pause := glance
		if i >= glances {
			pause = look
		}
		select {
		case <-r.ended:
			return
		case <-f.child.Gone():
			return
		case <-time.After(pause):
		}
		if !r.asks.TryLock() {
			continue // it is asked for already
		}
		if !f.stdin.unread() && reads(f.child.PID(), f.stdin.path) {
			f.pipes.Drain(false) // what the cell has printed, such as a question, is published first
			if r.questions.Load() == 0 {
				f.askInput(r, pipes.Input{})
			}
		}
		r.asks.Unlock()
	}
}

// askInput asks the client for a line of input and writes it to whoever reads. A
// client that gives none ends the input. r.asks is held.
func (f *front) askInput(r *running, q pipes.Input) {
	if !r.order.AllowStdin {
		f.noInput(r, "the cell reads its input, and this client gives none: the input ends here")
		return
	}
	f.mu.Lock()
	password := q.Password || r.password
	f.mu.Unlock()
	request, err := wire.New("input_request", r.request, content{"prompt": q.Prompt, "password": password})
	if err != nil {
		f.log("input_request: %v", err)
		return
	}
	request.Identities = r.request.Identities
	select {
	case <-f.input: // to a question of another cell
	default:
	}
	f.send(f.jupyter.stdin, request)
	select {
	case line := <-f.input:
		if _, err := f.stdin.now().WriteString(line + "\n"); err != nil {
			f.log("input: %v", err)
		}
	case <-r.ended:
	case <-f.child.Gone():
	}
}

// noInput ends the input of a cell, and says why.
func (f *front) noInput(r *running, why string) {
	f.output(r.request, "stream", content{"name": pipes.Stderr, "text": "sslkit-kernel: " + why + "\n"})
	if err := f.stdin.renew(); err != nil {
		f.log("%v", err)
	}
}

// requestInput is gonbui.RequestInput: the cell reads the answer, when it is there.
func (f *front) requestInput(r *running, q pipes.Input) {
	if !r.order.AllowStdin {
		f.mu.Lock()
		r.failed = &ending{name: "Input", value: fmt.Sprintf("the cell asks for input (%q), and this client gives none", q.Prompt)}
		f.mu.Unlock()
	}
	r.questions.Add(1)
	f.goes.Go(func() {
		r.asks.Lock()
		defer r.asks.Unlock()
		defer r.questions.Add(-1)
		f.askInput(r, q)
	})
}

// relayInput takes the client's answers.
func (f *front) relayInput() {
	for {
		answer, err := f.jupyter.stdin.Recv()
		if err != nil {
			return
		}
		var reply struct {
			Value string `json:"value"`
		}
		if err := json.Unmarshal(answer.Content, &reply); err != nil {
			f.log("input_reply: %v", err)
			continue
		}
		select {
		case f.input <- reply.Value:
		default: // nobody asked
		}
	}
}

// reading are the system calls that read from the descriptor that is their first argument.
var reading = []int{unix.SYS_READ, unix.SYS_READV, unix.SYS_SPLICE, unix.SYS_COPY_FILE_RANGE}

// reads says whether a process below pid waits to read a file.
func reads(pid int, file string) bool {
	for _, below := range proc.Below(pid) {
		calls, _ := proc.Calls(below)
		for _, c := range calls {
			if slices.Contains(reading, c.Number) && proc.FileOf(below, c.Arguments[0]) == file {
				return true
			}
		}
	}
	return false
}
