package pipes

import (
	"encoding/gob"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// What widgets ask for goes to GoNB, whose answers go to the cell, and nothing of
// it is left in a pipe when the cell ends.
func TestForward(t *testing.T) {
	r, err := New(t.TempDir(), &record{t: t})
	if err != nil {
		t.Fatal(err)
	}
	go r.Run()
	defer r.Close()
	c, err := r.Open()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	gonb := GoNB{Displays: filepath.Join(dir, "displays"), Answers: filepath.Join(dir, "answers")}
	c.Start(os.Getpid(), gonb)
	for _, path := range []string{gonb.Displays, gonb.Answers} {
		if err := unix.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := make(chan []string)
	go func() { got <- slowGoNB(t, gonb) }()
	for _, address := range []string{"/a", "/b"} {
		c.take(&protocol.DisplayData{Data: map[protocol.MIMEType]any{
			protocol.MIMECommValue: protocol.CommValue{Address: address, Request: true},
		}})
	}
	c.End()
	c.Close()
	if want := []string{"/a", "/b", protocol.GonbuiSyncAddress}; !slices.Equal(<-got, want) {
		t.Errorf("GoNB got something else than %q", want)
	}
	for _, address := range []string{"/a", "/b"} {
		select {
		case answer := <-c.answers:
			if answer.Address != address || answer.Value != 42 {
				t.Errorf("the cell is answered %+v", answer)
			}
		default:
			t.Fatal("the cell got no answer")
		}
	}
}

// slowGoNB answers what it is given, and returns the addresses.
func slowGoNB(t *testing.T, g GoNB) (addresses []string) {
	from, errFrom := os.Open(g.Displays)
	to, errTo := os.OpenFile(g.Answers, os.O_WRONLY, 0)
	if err := errors.Join(errFrom, errTo); err != nil {
		t.Error(err)
		return nil
	}
	decoder, encoder := gob.NewDecoder(from), gob.NewEncoder(to)
	for {
		var d protocol.DisplayData
		if decoder.Decode(&d) != nil {
			return addresses
		}
		time.Sleep(50 * time.Millisecond)
		v := d.Data[protocol.MIMECommValue].(protocol.CommValue)
		addresses = append(addresses, v.Address)
		answer := protocol.CommValue{Address: v.Address, Value: 42}
		if v.Address == protocol.GonbuiSyncAddress {
			answer = protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: v.Value}
		}
		if err := encoder.Encode(&answer); err != nil {
			t.Error(err)
		}
	}
}

// What is no display is told, and what comes behind it is dropped.
func TestGarbage(t *testing.T) {
	failed := make(chan error, 1)
	r, err := New(t.TempDir(), &failing{record{t: t}, failed})
	if err != nil {
		t.Fatal(err)
	}
	go r.Run()
	defer r.Close()
	c, err := r.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.Displays, []byte(strings.Repeat("garbage", 1<<16)), 0); err != nil {
		t.Fatal(err)
	}
	r.Drain(true)
	c.End()
	c.Close()
	select {
	case err := <-failed:
		t.Log(err)
	default:
		t.Error("no error")
	}
}

// failing keeps the error.
type failing struct {
	record
	failed chan error
}

func (f *failing) Failed(err error) { f.failed <- err }
