package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"
)

// Client starts a kernel and talks to it, as Jupyter does.
type Client struct {
	command Command
	dir     string

	mu      sync.Mutex
	kernel  *connection
	dropped int64 // by kernels before a restart
}

// askTime is how long the kernel's first status is waited for before it is asked
// anew: a subscription to iopub takes effect late.
const askTime = 50 * time.Millisecond

// ConnectionName is the name of the connection file of kernels that Start starts.
// GoNB takes the kernel's id from it, as Jupyter names it.
const ConnectionName = "kernel-0.json"

// Start starts a kernel that listens on Unix sockets in dir, a private folder, and
// waits until it answers and is heard, or ctx is done. Nothing of the kernel is
// left when it fails.
func Start(ctx context.Context, c Command, dir string) (*Client, error) {
	client := &Client{command: c, dir: dir}
	var err error
	if client.kernel, err = client.start(ctx); err != nil {
		return nil, err
	}
	return client, nil
}

// start starts a kernel.
func (c *Client) start(ctx context.Context) (*connection, error) {
	file := filepath.Join(c.dir, ConnectionName)
	conn, err := NewIPC(c.dir, file)
	if err != nil {
		return nil, err
	}
	if err := clean(conn.IP, "-1", "-2", "-3", "-4", "-5"); err != nil {
		return nil, err
	}
	p, err := startKernel(c.command, file)
	if err != nil {
		return nil, err
	}
	kernel, err := connect(ctx, p, conn, c.command)
	if err != nil {
		p.Stop(killTime)
		return nil, err
	}
	if err := kernel.ready(ctx); err != nil {
		p.Stop(killTime)
		kernel.close()
		return nil, err
	}
	return kernel, nil
}

// ready waits until the kernel answers and what it publishes is heard.
func (c *connection) ready(ctx context.Context) error {
	for {
		if _, err := c.request(ctx, Shell, "kernel_info_request", nil); err != nil {
			return err
		}
		select {
		case <-c.heard:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("wire: iopub is silent: %w", context.Cause(ctx))
		case <-time.After(askTime):
		}
	}
}

// current is the kernel's present life.
func (c *Client) current() *connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kernel
}

// PID is the kernel's process.
func (c *Client) PID() int { return c.current().process.PID() }

// Dropped is how many messages were not delivered because they were malformed or
// had a wrong signature.
func (c *Client) Dropped() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped + c.kernel.dropped()
}

// Execute executes a cell. It calls published, which may be nil, for each message
// that the kernel publishes about it, in order, and returns the reply once the kernel is
// idle. When ctx is done before that the cell goes on, unheard.
func (c *Client) Execute(ctx context.Context, code string, published func(*Message)) (*Message, error) {
	wait, err := c.Send(c.Order(code))
	if err != nil {
		return nil, err
	}
	return wait(ctx, published)
}

// Order is the content of the request to run a cell.
func (c *Client) Order(code string) map[string]any {
	return map[string]any{
		"code": code, "silent": false, "store_history": true, "user_expressions": struct{}{},
		"allow_stdin": c.current().input != nil, "stop_on_error": true,
	}
}

// Wait waits for the end of what was asked for, as Execute does.
type Wait func(ctx context.Context, published func(*Message)) (*Message, error)

// Send sends a request to run a cell, such as Order makes, and returns what waits for the
// cell's end.
func (c *Client) Send(request any) (Wait, error) { return c.send("execute_request", request, true) }

// Tell sends a message that has no reply on the shell channel, and waits until the
// kernel is idle. It calls published as Execute does.
func (c *Client) Tell(ctx context.Context, kind string, content any, published func(*Message)) error {
	wait, err := c.send(kind, content, false)
	if err == nil {
		_, err = wait(ctx, published)
	}
	return err
}

// send sends a message on the shell channel, and returns what waits until the kernel is
// idle, and has replied if it is to.
func (c *Client) send(kind string, content any, replies bool) (Wait, error) {
	kernel := c.current()
	id, r, err := kernel.send(Shell, kind, content, true)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, published func(*Message)) (*Message, error) {
		defer kernel.forget(id)
		var reply *Message
		for idle := false; !idle || replies && reply == nil; {
			select {
			case m := <-r.published:
				idle = idle || isIdle(m)
				if published != nil {
					published(m)
				}
			case reply = <-r.reply:
			case <-ctx.Done():
				return nil, fmt.Errorf("wire: %s: %w", kind, context.Cause(ctx))
			case <-kernel.dead:
				return nil, fmt.Errorf("wire: %s: %w", kind, died(kernel.process))
			}
		}
		return reply, nil
	}, nil
}

// isIdle says whether a message tells that the kernel has nothing more to say.
func isIdle(m *Message) bool {
	var status struct {
		State string `json:"execution_state"`
	}
	return m.Header.Type == "status" && json.Unmarshal(m.Content, &status) == nil && status.State == "idle"
}

// Request sends a request on the shell or control channel and returns the reply.
func (c *Client) Request(ctx context.Context, channel Channel, kind string, content any) (*Message, error) {
	return c.current().request(ctx, channel, kind, content)
}

// Interrupt interrupts the running cell, and waits until the kernel has taken note.
func (c *Client) Interrupt(ctx context.Context) error {
	_, err := c.Request(ctx, Control, "interrupt_request", nil)
	return err
}

// Shutdown asks the kernel to end, and waits until its process has.
func (c *Client) Shutdown(ctx context.Context) error { return c.current().shutdown(ctx, false) }

func (c *connection) shutdown(ctx context.Context, restart bool) error {
	_, err := c.request(ctx, Control, "shutdown_request", map[string]bool{"restart": restart})
	if err != nil && !errors.Is(err, ErrKernelDied) {
		return err
	}
	select {
	case <-c.process.Gone():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wire: the kernel does not end: %w", context.Cause(ctx))
	}
}

// restartTime is what a kernel gets to end before it is killed for a restart.
const restartTime = 5 * time.Second

// Restart ends the kernel, by force if need be, and starts it anew.
func (c *Client) Restart(ctx context.Context) error {
	old := c.current()
	asked, cancel := context.WithTimeout(ctx, restartTime)
	defer cancel()
	_ = old.shutdown(asked, true) // stop ends a kernel that does not want to
	old.process.Stop(killTime)
	old.close()
	kernel, err := c.start(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kernel, c.dropped = kernel, c.dropped+old.dropped()
	return nil
}

// Close ends the kernel if it still runs, and whatever is left of its process
// group.
func (c *Client) Close() {
	kernel := c.current()
	kernel.process.Stop(killTime)
	kernel.close()
}
