package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-zeromq/zmq4"
)

// Channel is one of the connections between a kernel and its clients.
type Channel int

// The channels. A kernel listens on all five.
const (
	Shell     Channel = iota // requests and their replies, in order
	Control                  // requests that must not wait behind cells: interrupt, shutdown
	Stdin                    // the kernel asks for a line of input
	IOPub                    // what the kernel publishes: outputs and status
	Heartbeat                // echo
)

// String returns the channel's name.
func (c Channel) String() string {
	names := [...]string{"shell", "control", "stdin", "iopub", "heartbeat"}
	if c < 0 || int(c) >= len(names) {
		return fmt.Sprintf("channel %d", int(c))
	}
	return names[c]
}

// Address is the ZeroMQ address of a channel.
func (c *Conn) Address(channel Channel) string {
	return c.Addr([...]int{Shell: c.Shell, Control: c.Control, Stdin: c.Stdin, IOPub: c.IOPub, Heartbeat: c.Heartbeat}[channel])
}

// Socket sends and receives the messages of one channel. Any number of
// goroutines may send; one may receive.
type Socket struct {
	zmq     zmq4.Socket
	channel Channel
	key     string
	routes  bool // it has several peers: identities are sent
	dropped atomic.Int64
	sending sync.Mutex
}

// dialRetry is the time between two attempts to reach a kernel that does not
// listen yet.
const dialRetry = 10 * time.Millisecond

// Listen opens a kernel's side of a channel. The socket lives until ctx is done.
//
// What is sent on iopub is queued without bound, and what is still queued when
// the socket is closed is lost; who subscribes late misses what came before.
func Listen(ctx context.Context, conn *Conn, channel Channel) (*Socket, error) {
	var z zmq4.Socket
	switch channel {
	case Shell, Control, Stdin:
		z = zmq4.NewRouter(ctx)
	case IOPub:
		z = zmq4.NewPub(ctx)
	case Heartbeat:
		z = zmq4.NewRep(ctx)
	default:
		return nil, fmt.Errorf("wire: listen: %v, want shell, control, stdin, iopub or heartbeat", channel)
	}
	if err := z.Listen(conn.Address(channel)); err != nil {
		_ = z.Close() // it has no connection that closing could fail for
		return nil, fmt.Errorf("wire: listen on %v: %w", channel, err)
	}
	s := &Socket{zmq: z, channel: channel, key: conn.Key, routes: true}
	context.AfterFunc(ctx, func() { _ = s.Close() }) // ZeroMQ leaves connections open; nobody is left to tell
	return s, nil
}

// Dial opens a client's side of a channel. It waits until the kernel listens, or
// ctx is done; the socket lives until it is closed. A client uses one identity for
// all its channels: the kernel sends input requests to who sent the cell.
//
// A subscription to iopub takes effect some time after Dial returns.
func Dial(ctx context.Context, conn *Conn, channel Channel, identity string) (*Socket, error) {
	z, err := dialler(channel, identity)
	if err != nil {
		return nil, err
	}
	dialled := make(chan error, 1)
	go func() { dialled <- z.Dial(conn.Address(channel)) }()
	select {
	case err := <-dialled:
		if err != nil {
			_ = z.Close() // it has no connection that closing could fail for
			return nil, fmt.Errorf("wire: dial %v: %w", channel, err)
		}
		return &Socket{zmq: z, channel: channel, key: conn.Key}, nil
	case <-ctx.Done():
		_ = z.Close() // ends the attempts to connect, but not the handshake
		go func() {
			<-dialled
			_ = z.Close() // nobody is left to tell
		}()
		return nil, fmt.Errorf("wire: dial %v: %w", channel, context.Cause(ctx))
	}
}

// dialler makes the socket of a client's side.
func dialler(channel Channel, identity string) (zmq4.Socket, error) {
	options := []zmq4.Option{
		zmq4.WithID(zmq4.SocketIdentity(identity)),
		zmq4.WithDialerRetry(dialRetry), zmq4.WithDialerMaxRetries(-1),
	}
	switch channel {
	case Shell, Control, Stdin:
		return zmq4.NewDealer(context.Background(), options...), nil
	case IOPub:
		z := zmq4.NewSub(context.Background(), options...)
		if err := z.SetOption(zmq4.OptionSubscribe, ""); err != nil {
			return nil, fmt.Errorf("wire: subscribe to iopub: %w", err)
		}
		return z, nil
	}
	return nil, fmt.Errorf("wire: dial: %v, want shell, control, stdin or iopub", channel)
}

// Send signs a message and sends it: to the peer that its identities name, or
// from a client to the kernel. A peer that has gone is no error.
func (s *Socket) Send(m *Message) error {
	if !s.routes && m.Identities != nil {
		alone := *m
		alone.Identities = nil
		m = &alone
	}
	frames := m.Encode(s.key)
	s.sending.Lock()
	defer s.sending.Unlock()
	err := s.zmq.SendMulti(zmq4.NewMsgFrom(frames...))
	if err != nil && !(s.routes && gone(err)) {
		return fmt.Errorf("wire: send %s on %v: %w", m.Header.Type, s.channel, err)
	}
	return nil
}

// gone says whether sending failed because the peer has ended.
func gone(err error) bool {
	for _, end := range []error{zmq4.ErrClosedConn, net.ErrClosed, syscall.EPIPE, syscall.ECONNRESET} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

// Recv returns the next message with a right signature. It fails when the socket
// is closed, or the kernel that it was dialled to has gone.
func (s *Socket) Recv() (*Message, error) {
	for {
		received, err := s.zmq.Recv()
		if err != nil {
			return nil, fmt.Errorf("wire: receive on %v: %w", s.channel, err)
		}
		if m, err := Decode(s.key, received.Frames); err == nil {
			return m, nil
		}
		s.dropped.Add(1)
	}
}

// Dropped is how many messages were not delivered because they were malformed or
// had a wrong signature.
func (s *Socket) Dropped() int64 { return s.dropped.Load() }

// Close closes the socket, which ends a Recv.
func (s *Socket) Close() error {
	if err := s.zmq.Close(); err != nil {
		return fmt.Errorf("wire: close %v: %w", s.channel, err)
	}
	return nil
}

// ServeHeartbeat listens on the heartbeat channel and answers on it until ctx is
// done.
func ServeHeartbeat(ctx context.Context, conn *Conn) error {
	s, err := Listen(ctx, conn, Heartbeat)
	if err != nil {
		return err
	}
	go func() {
		for ctx.Err() == nil {
			// Both fail for a client that has gone or asks malformed questions;
			// others are answered.
			if beat, err := s.zmq.Recv(); err == nil {
				_ = s.zmq.SendMulti(beat)
			}
		}
	}()
	return nil
}
