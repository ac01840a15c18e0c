package event

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listen serves events on a socket that Tell finds.
func listen(t *testing.T, handle func(Event) Answer) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "front")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(Socket, path)
	served := make(chan error)
	go func() { served <- Serve(l, handle) }()
	t.Cleanup(func() {
		l.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
}

// Tell returns when the event has been dealt with, not before.
func TestTell(t *testing.T) {
	var got []Event
	listen(t, func(e Event) Answer {
		got = append(got, e)
		return Answer{Stdin: string(e.Kind)}
	})
	want := []Event{
		{Kind: CellStart, PID: 7},
		{Kind: BuildEnd, Text: "漢\n\x00", Pipes: [2]string{"a", "b"}},
		{Kind: CellEnd, Code: -1, Signal: "killed", Seconds: 0.5, CPUSeconds: 0.25, PeakMemory: 1 << 40, Text: strings.Repeat("x", 1<<20)},
	}
	for i, e := range want {
		answer, err := Tell(e)
		if err != nil {
			t.Fatal(err)
		}
		if answer != (Answer{Stdin: string(e.Kind)}) {
			t.Errorf("%s was answered with %+v", e.Kind, answer)
		}
		if len(got) != i+1 {
			t.Fatalf("%d events were dealt with when Tell returned, want %d", len(got), i+1)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-told +got:\n%s", diff)
	}
}

func TestNobodyListens(t *testing.T) {
	t.Setenv(Socket, filepath.Join(t.TempDir(), "front"))
	if _, err := Tell(Event{Kind: CellEnd}); err == nil || !strings.Contains(err.Error(), string(CellEnd)) {
		t.Errorf("error %v, want one that names the event", err)
	}
}

// What is no event is dropped, and those after it are served.
func TestGarbage(t *testing.T) {
	count := 0
	listen(t, func(Event) Answer {
		count++
		return Answer{}
	})
	for _, garbage := range []string{"", "{", "[1]"} {
		conn, err := net.Dial("unix", os.Getenv(Socket))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte(garbage)); err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	if _, err := Tell(Event{Kind: BuildStart}); err != nil || count != 1 {
		t.Errorf("%d events, error %v, want the last one", count, err)
	}
}
