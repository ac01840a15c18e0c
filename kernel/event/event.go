// Package event is how the processes that build and run a cell tell the front
// what becomes of it: over a Unix socket, each event answered once it is dealt
// with, so that the front knows of a process's end before GoNB does.
package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
)

// Socket is the environment variable that names the front's socket.
const Socket = "SSLKIT_FRONT"

// Kind is what happened.
type Kind string

// The kinds, in the order of a cell's life.
const (
	WorkDir    Kind = "work-dir"    // GoNB has made the folder that it builds in: Dir
	BuildStart Kind = "build-start" // PID is the process to signal to stop it
	BuildEnd   Kind = "build-end"   // Code, Seconds, Text is what the compiler said
	CellStart  Kind = "cell-start"  // PID is the launcher's
	Shown      Kind = "shown"       // Data is the value of the cell's last expression
	CellEnd    Kind = "cell-end"    // Code, Signal, Seconds, CPUSeconds, PeakMemory, Text is the end of stderr, Note
)

// Event is something that happened to a cell.
type Event struct {
	Kind       Kind              `json:"kind"`
	Dir        string            `json:"dir,omitempty"`
	PID        int               `json:"pid,omitempty"`
	Code       int               `json:"code,omitempty"`        // exit status; -1 when a signal ended it
	Signal     string            `json:"signal,omitempty"`      // that ended it, such as "killed"
	Seconds    float64           `json:"seconds,omitempty"`     // that it took
	CPUSeconds float64           `json:"cpu_seconds,omitempty"` // user and system
	PeakMemory int64             `json:"peak_memory,omitempty"` // bytes resident
	Text       string            `json:"text,omitempty"`
	Note       string            `json:"note,omitempty"` // what the user is told of the end
	Data       map[string]string `json:"data,omitempty"` // by MIME type
}

// Tell tells the front, and returns when it knows.
func Tell(e Event) error {
	conn, err := net.Dial("unix", os.Getenv(Socket))
	if err != nil {
		return fmt.Errorf("event: tell the front of %s: %w", e.Kind, err)
	}
	defer conn.Close()
	if err := json.NewEncoder(conn).Encode(e); err != nil {
		return fmt.Errorf("event: tell the front of %s: %w", e.Kind, err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil {
		return fmt.Errorf("event: the front did not take %s: %w", e.Kind, err)
	}
	return nil
}

// Serve hands events to handle, until the listener is closed.
func Serve(l net.Listener, handle func(Event)) error {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("event: %w", err)
		}
		go func() {
			defer conn.Close()
			var e Event
			if json.NewDecoder(conn).Decode(&e) == nil {
				handle(e)
				_, _ = conn.Write([]byte{1}) // the teller may be gone
			}
		}()
	}
}
