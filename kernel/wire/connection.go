package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"

	"github.com/gossl/gossl/kernel/proc"
)

// ErrKernelDied is the error of a kernel whose process has ended.
var ErrKernelDied = errors.New("the kernel died")

// connection is one life of a kernel: its process and the sockets to it.
type connection struct {
	process *proc.Process
	sockets map[Channel]*Socket
	input   func(prompt string, password bool) string
	heard   chan struct{}  // gets a value for each message on iopub, if there is room
	reading sync.WaitGroup // one for each socket
	dead    chan struct{}  // closed when the process has ended and what it said has been read

	mu      sync.Mutex
	waiting map[string]*request // by the request's ID
}

// request is a request that waits for its reply.
type request struct {
	reply     chan *Message // of size 1
	published chan *Message // nil: what the kernel publishes about it is not wanted
	done      chan struct{} // closed when nobody waits any more
}

// endTime is what a process gets to end after it closed its sockets, and the other
// way round.
const endTime = time.Second

// connect connects to a kernel that is starting.
func connect(ctx context.Context, p *proc.Process, conn *Conn, command Command) (*connection, error) {
	c := &connection{
		process: p, input: command.Input, sockets: map[Channel]*Socket{}, waiting: map[string]*request{},
		heard: make(chan struct{}, 1), dead: make(chan struct{}),
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-p.Gone():
			cancel(died(p))
		case <-ctx.Done():
		}
	}()
	identity := NewID()
	for _, channel := range []Channel{IOPub, Shell, Control, Stdin} {
		socket, err := Dial(ctx, conn, channel, identity)
		if err != nil {
			c.close()
			return nil, err
		}
		c.sockets[channel] = socket
	}
	c.read(IOPub, c.publish)
	c.read(Shell, c.reply)
	c.read(Control, c.reply)
	c.read(Stdin, c.answer)
	go c.supervise()
	return c, nil
}

// read hands a socket's messages to handle until the kernel closes it.
func (c *connection) read(channel Channel, handle func(*Message)) {
	c.reading.Go(func() {
		for {
			m, err := c.sockets[channel].Recv()
			if err != nil {
				return // the kernel's end, which supervise reports
			}
			handle(m)
		}
	})
}

// supervise waits for the kernel's end.
func (c *connection) supervise() {
	silent := make(chan struct{})
	go func() {
		c.reading.Wait()
		close(silent)
	}()
	select {
	case <-c.process.Gone():
	case <-silent: // a kernel that no longer listens is as good as dead
		select {
		case <-c.process.Gone():
		case <-time.After(endTime):
			c.process.Signal(syscall.SIGKILL)
			<-c.process.Gone()
		}
	}
	select {
	case <-silent:
	case <-time.After(endTime): // somebody else holds its sockets
	}
	close(c.dead)
}

// publish delivers a message of iopub to the request that caused it.
func (c *connection) publish(m *Message) {
	select {
	case c.heard <- struct{}{}:
	default:
	}
	c.mu.Lock()
	r := c.waiting[m.Parent.ID]
	c.mu.Unlock()
	if r == nil || r.published == nil {
		return
	}
	select {
	case r.published <- m:
	case <-r.done:
	}
}

// reply delivers a reply. It may come by another channel than its request did.
func (c *connection) reply(m *Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.waiting[m.Parent.ID]; r != nil && len(r.reply) == 0 {
		r.reply <- m
	}
}

// answer answers an input_request.
func (c *connection) answer(question *Message) {
	var in struct {
		Prompt   string `json:"prompt"`
		Password bool   `json:"password"`
	}
	value := ""
	if c.input != nil && json.Unmarshal(question.Content, &in) == nil {
		value = c.input(in.Prompt, in.Password)
	}
	answer, err := New("input_reply", question, map[string]string{"value": value})
	if err == nil {
		_ = c.sockets[Stdin].Send(answer) // fails only when the kernel ends
	}
}

// send sends a request. Whoever waits for its reply forgets it in the end.
func (c *connection) send(channel Channel, kind string, content any, listen bool) (string, *request, error) {
	socket := c.sockets[channel]
	if socket == nil || channel == IOPub || channel == Stdin {
		return "", nil, fmt.Errorf("wire: %s on %v, want shell or control", kind, channel)
	}
	m, err := New(kind, nil, content)
	if err != nil {
		return "", nil, err
	}
	r := &request{reply: make(chan *Message, 1), done: make(chan struct{})}
	if listen {
		r.published = make(chan *Message)
	}
	c.mu.Lock()
	c.waiting[m.Header.ID] = r
	c.mu.Unlock()
	if err := socket.Send(m); err != nil {
		c.forget(m.Header.ID)
		select {
		case <-c.dead:
			return "", nil, fmt.Errorf("wire: %s: %w", kind, died(c.process))
		case <-time.After(2 * endTime):
			return "", nil, err
		}
	}
	return m.Header.ID, r, nil
}

// forget ends the wait for a reply.
func (c *connection) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.waiting[id]; r != nil {
		close(r.done)
		delete(c.waiting, id)
	}
}

// request sends a request and returns the reply.
func (c *connection) request(ctx context.Context, channel Channel, kind string, content any) (*Message, error) {
	id, r, err := c.send(channel, kind, content, false)
	if err != nil {
		return nil, err
	}
	defer c.forget(id)
	select {
	case reply := <-r.reply:
		return reply, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wire: %s: %w", kind, context.Cause(ctx))
	case <-c.dead:
	}
	select {
	case reply := <-r.reply: // its last words
		return reply, nil
	default:
		return nil, fmt.Errorf("wire: %s: %w", kind, died(c.process))
	}
}

// dropped is how many messages were not delivered.
func (c *connection) dropped() (n int64) {
	for _, socket := range c.sockets {
		n += socket.Dropped()
	}
	return n
}

// close closes the sockets.
func (c *connection) close() {
	for _, socket := range c.sockets {
		_ = socket.Close() // nothing is waiting to be sent
	}
}
