package front

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/gossl/gossl/kernel/wire"
)

// pending is a request that GoNB is working on.
type pending struct {
	request *wire.Message
	via     *wire.Socket       // the socket by which the reply goes to the client; nil: it goes to the channel alone
	reply   chan *wire.Message // of size 1
}

// forward passes a request on to GoNB.
func (f *front) forward(to, via *wire.Socket, request *wire.Message) (*pending, error) {
	p := &pending{request: request, via: via, reply: make(chan *wire.Message, 1)}
	f.mu.Lock()
	f.pending[request.Header.ID] = p
	f.mu.Unlock()
	anonymous := *request
	anonymous.Identities = nil
	return p, to.Send(&anonymous)
}

// ask makes a request of our own.
func (f *front) ask(ctx context.Context, kind string, c any) (*wire.Message, error) {
	request, err := wire.New(kind, nil, c)
	if err != nil {
		return nil, err
	}
	return f.await(ctx, request)
}

// await sends a request of our own, and waits for the reply.
func (f *front) await(ctx context.Context, request *wire.Message) (*wire.Message, error) {
	p, err := f.forward(f.gonb.shell, nil, request)
	if err != nil {
		return nil, err
	}
	select {
	case reply := <-p.reply:
		return reply, nil
	case <-f.child.Gone():
		return nil, fmt.Errorf("%w before it answered", errGoNBGone)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// relayReplies hands GoNB's replies to whoever waits for them.
func (f *front) relayReplies(s *wire.Socket) {
	for {
		reply, err := s.Recv()
		if err != nil {
			return // the socket is closed
		}
		f.mu.Lock()
		p := f.pending[reply.Parent.ID]
		delete(f.pending, reply.Parent.ID)
		f.mu.Unlock()
		if p == nil {
			continue
		}
		reply.Identities = p.request.Identities
		if p.via != nil {
			f.send(p.via, reply)
		}
		p.reply <- reply
	}
}

// relayPublished publishes what GoNB publishes, except for GoNB's own states. What
// belongs to the running cell goes through its filter.
func (f *front) relayPublished() {
	for {
		m, err := f.gonb.iopub.Recv()
		if err != nil {
			return
		}
		if f.heard(m) {
			continue
		}
		f.mu.Lock()
		r := f.running
		f.mu.Unlock()
		if r != nil && m.Parent.ID == r.request.Header.ID {
			if !f.filter(r, m) {
				continue
			}
		} else if m.Header.Type == "status" {
			continue // the front publishes states itself
		}
		if f.hushed(m) {
			continue
		}
		m.Identities = [][]byte{[]byte(m.Header.Type)}
		f.send(f.jupyter.iopub, m)
	}
}

// send sends a message; a peer that is gone is no reason to stop.
func (f *front) send(s *wire.Socket, m *wire.Message) {
	if err := s.Send(m); err != nil {
		f.log("send %s: %v", m.Header.Type, err)
	}
}

// publish sends a message of ours to all clients.
func (f *front) publish(kind string, parent *wire.Message, c any) {
	m, err := wire.New(kind, parent, c)
	if err != nil {
		f.log("publish %s: %v", kind, err)
		return
	}
	if f.hushed(m) {
		return
	}
	m.Identities = [][]byte{[]byte(kind)}
	f.send(f.jupyter.iopub, m)
}

// reply answers a request, with metadata if there is some.
func (f *front) reply(via *wire.Socket, request *wire.Message, c, metadata any) {
	m, err := wire.New(replyType(request), request, c)
	if err == nil && metadata != nil {
		m.Metadata, err = json.Marshal(metadata)
	}
	if err != nil {
		f.log("reply to %s: %v", request.Header.Type, err)
		return
	}
	f.send(via, m)
}
