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
	"sync"
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
	CellStart  Kind = "cell-start"  // PID is the launcher's, Pipes are GoNB's; the answer says where the cell's are
	CellEnd    Kind = "cell-end"    // Code, Signal, Seconds, CPUSeconds, PeakMemory, Note, Text says why it could not run
)

// Event is something that happened to a cell.
type Event struct {
	Kind       Kind      `json:"kind"`
	Dir        string    `json:"dir,omitempty"`
	PID        int       `json:"pid,omitempty"`
	Code       int       `json:"code,omitempty"`        // exit status; -1 when a signal ended it
	Signal     string    `json:"signal,omitempty"`      // that ended it, such as "killed"
	Seconds    float64   `json:"seconds,omitempty"`     // that it took
	CPUSeconds float64   `json:"cpu_seconds,omitempty"` // user and system
	PeakMemory int64     `json:"peak_memory,omitempty"` // bytes resident
	Text       string    `json:"text,omitempty"`
	Note       string    `json:"note,omitempty"` // what the user is told of the end
	Pipes      [2]string `json:"pipes"`          // paths, for displays and for answers to them
}

// Answer is what the front says to an event.
type Answer struct {
	Stdin    string `json:"stdin,omitempty"`    // path of the pipe that a cell reads
	Displays string `json:"displays,omitempty"` // of the one by which it displays
	Answers  string `json:"answers,omitempty"`  // of that for answers
	Shown    string `json:"shown,omitempty"`    // of that for the values that it shows
}

// Tell tells the front, and returns when it has dealt with the event.
func Tell(e Event) (Answer, error) {
	var a Answer
	conn, err := net.Dial("unix", os.Getenv(Socket))
	if err != nil {
		return a, fmt.Errorf("event: tell the front of %s: %w", e.Kind, err)
	}
	defer conn.Close()
	if err := json.NewEncoder(conn).Encode(e); err != nil {
		return a, fmt.Errorf("event: tell the front of %s: %w", e.Kind, err)
	}
	if err := json.NewDecoder(conn).Decode(&a); err != nil {
		return a, fmt.Errorf("event: the front did not take %s: %w", e.Kind, err)
	}
	return a, nil
}

// Serve hands events to handle, until the listener is closed. When it returns, handle is done with all of them.
func Serve(l net.Listener, handle func(Event) Answer) error {
	var work sync.WaitGroup
	defer work.Wait()
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("event: %w", err)
		}
		work.Go(func() {
			defer conn.Close()
			var e Event
			if json.NewDecoder(conn).Decode(&e) == nil {
				_ = json.NewEncoder(conn).Encode(handle(e)) // the teller may be gone
			}
		})
	}
}
