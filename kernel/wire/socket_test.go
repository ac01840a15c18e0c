package wire_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"github.com/gossl/gossl/kernel/wire"
)

// newConn is a connection that nobody listens on yet.
func newConn(t *testing.T) *wire.Conn {
	t.Helper()
	dir := t.TempDir()
	conn, err := wire.NewIPC(dir, filepath.Join(dir, "kernel.json"))
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func listen(t *testing.T, conn *wire.Conn, channel wire.Channel) *wire.Socket {
	t.Helper()
	s, err := wire.Listen(t.Context(), conn, channel)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func dial(t *testing.T, conn *wire.Conn, channel wire.Channel, identity string) *wire.Socket {
	t.Helper()
	s, err := wire.Dial(limited(t), conn, channel, identity)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func receive(t *testing.T, s *wire.Socket) *wire.Message {
	t.Helper()
	m, err := s.Recv()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func send(t *testing.T, s *wire.Socket, m *wire.Message) {
	t.Helper()
	if err := s.Send(m); err != nil {
		t.Fatal(err)
	}
}

// TestReplyGoesToWhoAsked asks a kernel from two clients.
func TestReplyGoesToWhoAsked(t *testing.T) {
	for _, channel := range []wire.Channel{wire.Shell, wire.Control, wire.Stdin} {
		t.Run(channel.String(), func(t *testing.T) {
			conn := newConn(t)
			kernel := listen(t, conn, channel)
			first, second := dial(t, conn, channel, "first"), dial(t, conn, channel, "second")
			send(t, first, newMessage(t, "first_request", nil))
			request := receive(t, kernel)
			send(t, second, newMessage(t, "second_request", nil))
			other := receive(t, kernel)
			for _, r := range []*wire.Message{other, request} {
				reply, err := wire.New("reply", r, nil)
				if err != nil {
					t.Fatal(err)
				}
				send(t, kernel, reply)
			}
			if got := receive(t, first); got.Parent.Type != "first_request" || string(request.Identities[0]) != "first" {
				t.Errorf("the first client got the reply to %s", got.Parent.Type)
			}
			if got := receive(t, second); got.Parent.Type != "second_request" {
				t.Errorf("the second client got the reply to %s", got.Parent.Type)
			}
		})
	}
}

// TestRelay passes on a message that came from a client, with its identities.
func TestRelay(t *testing.T) {
	conn := newConn(t)
	kernel, client := listen(t, conn, wire.Shell), dial(t, conn, wire.Shell, "relay")
	m := newMessage(t, "execute_request", nil)
	m.Identities = [][]byte{[]byte("client of the relay")}
	send(t, client, m)
	if got := receive(t, kernel); len(got.Identities) != 1 || string(got.Identities[0]) != "relay" {
		t.Errorf("identities %q, want only the relay's", got.Identities)
	}
	if len(m.Identities) != 1 {
		t.Error("sending changed the message")
	}
}

func TestForgedMessagesAreDropped(t *testing.T) {
	conn := newConn(t)
	kernel := listen(t, conn, wire.Shell)
	forger := *conn
	forger.Key = "guessed"
	send(t, dial(t, &forger, wire.Shell, "forger"), newMessage(t, "execute_request", nil))
	z := zmq4.NewDealer(t.Context())
	if err := z.Dial(conn.Address(wire.Shell)); err != nil {
		t.Fatal(err)
	}
	if err := z.SendMulti(zmq4.NewMsgFrom([]byte("no"), []byte("message"))); err != nil {
		t.Fatal(err)
	}
	client := dial(t, conn, wire.Shell, "client")
	// The three came by connections of their own, in any order.
	for kernel.Dropped() < 2 {
		send(t, client, newMessage(t, "true_request", nil))
		if got := receive(t, kernel); got.Header.Type != "true_request" {
			t.Fatalf("received %s, want true_request only", got.Header.Type)
		}
	}
	if got := kernel.Dropped(); got != 2 {
		t.Errorf("%d messages dropped, want 2", got)
	}
}

// TestPublish subscribes while the kernel publishes: what it publishes later arrives, in order.
func TestPublish(t *testing.T) {
	conn := newConn(t)
	kernel, client := listen(t, conn, wire.IOPub), dial(t, conn, wire.IOPub, "client")
	heard := make(chan *wire.Message)
	go func() {
		defer close(heard)
		for {
			m, err := client.Recv()
			if err != nil {
				return
			}
			heard <- m
		}
	}()
	for subscribed := false; !subscribed; {
		send(t, kernel, newMessage(t, "status", nil))
		select {
		case <-heard:
			subscribed = true
		case <-time.After(10 * time.Millisecond):
		}
	}
	topic := newMessage(t, "stream", nil)
	topic.Identities = [][]byte{[]byte("stream")}
	send(t, kernel, topic)
	send(t, kernel, newMessage(t, "last", nil))
	var kinds []string
	for m := range heard {
		if m.Header.Type != "status" {
			kinds = append(kinds, m.Header.Type)
		}
		if m.Header.Type == "last" {
			break
		}
	}
	if got := strings.Join(kinds, " "); got != "stream last" {
		t.Errorf("received %s, want stream last", got)
	}
}

func TestHeartbeat(t *testing.T) {
	conn := newConn(t)
	if err := wire.ServeHeartbeat(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	bad := zmq4.NewDealer(t.Context())
	if err := bad.Dial(conn.Address(wire.Heartbeat)); err != nil {
		t.Fatal(err)
	}
	if err := bad.Send(zmq4.NewMsgString("no envelope")); err != nil {
		t.Fatal(err)
	}
	client := zmq4.NewReq(t.Context())
	if err := client.Dial(conn.Address(wire.Heartbeat)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := client.Send(zmq4.NewMsgString("ping")); err != nil {
			t.Fatal(err)
		}
		if m, err := client.Recv(); err != nil || string(m.Bytes()) != "ping" {
			t.Fatalf("answer %q, %v, want ping", m.Bytes(), err)
		}
	}
	if err := wire.ServeHeartbeat(t.Context(), conn); err == nil || !strings.Contains(err.Error(), "listen on heartbeat") {
		t.Errorf("second kernel on the address: error %v, want one that names the channel", err)
	}
}

// TestDialWaits dials before the kernel listens.
func TestDialWaits(t *testing.T) {
	conn := newConn(t)
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	if _, err := wire.Dial(ctx, conn, wire.Shell, "client"); !errors.Is(err, stop) {
		t.Errorf("nobody listens: error %v, want %v", err, stop)
	}
	dialled := make(chan error)
	go func() {
		s, err := wire.Dial(limited(t), conn, wire.Shell, "client")
		if err == nil {
			err = s.Close()
		}
		dialled <- err
	}()
	listen(t, conn, wire.Shell)
	if err := <-dialled; err != nil {
		t.Error(err)
	}
}

func TestSocketsEnd(t *testing.T) {
	conn := newConn(t)
	ctx, cancel := context.WithCancel(t.Context())
	kernel, err := wire.Listen(ctx, conn, wire.Shell)
	if err != nil {
		t.Fatal(err)
	}
	client := dial(t, conn, wire.Shell, "client")
	send(t, client, newMessage(t, "request", nil))
	request := receive(t, kernel)
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if _, err := client.Recv(); err == nil {
		t.Error("a closed socket received something")
	}
	for range 3 { // the kernel learns of the client's end by the way
		if err := kernel.Send(request); err != nil {
			t.Errorf("reply to a client that has gone: %v, want no error", err)
		}
	}
	other := dial(t, conn, wire.Shell, "other")
	send(t, other, newMessage(t, "request", nil))
	receive(t, kernel)
	cancel()
	if _, err := kernel.Recv(); !errors.Is(err, context.Canceled) {
		t.Errorf("kernel's end: error %v, want %v", err, context.Canceled)
	}
	if _, err := other.Recv(); err == nil || !strings.Contains(err.Error(), "shell") {
		t.Errorf("a client of a kernel that has gone: error %v, want one that names the channel", err)
	}
}

func TestChannelsAreChecked(t *testing.T) {
	conn := newConn(t)
	if _, err := wire.Dial(t.Context(), conn, wire.Heartbeat, ""); err == nil || !strings.Contains(err.Error(), "dial: heartbeat, want shell") {
		t.Errorf("error %v", err)
	}
	if _, err := wire.Listen(t.Context(), conn, wire.Channel(9)); err == nil || !strings.Contains(err.Error(), "listen: channel 9, want shell") {
		t.Errorf("error %v", err)
	}
}
