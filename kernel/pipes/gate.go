package pipes

import (
	"encoding/binary"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Gate makes a pipe of that path. Whoever opens it can read a line from it once
// before has returned.
func (r *Reader) Gate(path string, before func()) error {
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return fmt.Errorf("pipes: %w", &os.PathError{Op: "mkfifo", Path: path, Err: err})
	}
	// For reading too: then neither side waits for the other to open it.
	gate, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("pipes: %w", err)
	}
	r.Do(func() {
		r.gates = append(r.gates, gate)
		var watch int
		if watch, err = unix.InotifyAddWatch(r.opens, path, unix.IN_OPEN); err != nil {
			return
		}
		r.watches[watch] = func() {
			go func() {
				before()
				_, _ = gate.WriteString("\n") // a line is not too much for a pipe
			}()
		}
	})
	if err != nil {
		return fmt.Errorf("pipes: inotify: %w", err)
	}
	return nil
}

// opened deals with what processes have opened.
func (r *Reader) opened() {
	buffer := make([]byte, 4096)
	for {
		n, err := unix.Read(r.opens, buffer)
		if n <= 0 || err != nil {
			return
		}
		for at := 0; at+unix.SizeofInotifyEvent <= n; {
			watch := int(int32(binary.NativeEndian.Uint32(buffer[at:])))
			at += unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(buffer[at+12:]))
			if act := r.watches[watch]; act != nil {
				act()
			}
		}
	}
}
