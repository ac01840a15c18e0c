package front

import (
	"context"
	"fmt"

	"github.com/gossl/gossl/kernel/wire"
)

// catchUp returns when everything that GoNB has said so far has been passed on.
func (f *front) catchUp() {
	ctx, cancel := context.WithTimeout(f.ctx, f.limits.Echo)
	defer cancel()
	if err := f.echo(ctx); err != nil {
		f.log("what GoNB says may come late: %v", err)
	}
}

// ping is the address at which GoNB answers a page with widgets, by publishing something.
const ping = "#heartbeat/ping"

// echo has GoNB publish something, and waits for it. It asks as a page with widgets
// does, since GoNB answers those while a cell runs. They name a comm, and GoNB's may
// be any that was ever opened, or that without a name.
func (f *front) echo(ctx context.Context) error {
	heard := make(chan struct{}, 1)
	f.mu.Lock()
	pages := append([]string{""}, f.pages...)
	f.mu.Unlock()
	for _, page := range pages {
		question, err := wire.New("comm_msg", nil, content{"comm_id": page, "data": content{"address": ping, "value": true}})
		if err != nil {
			return err
		}
		f.mu.Lock()
		f.echoes[question.Header.ID] = heard
		f.mu.Unlock()
		defer func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			delete(f.echoes, question.Header.ID)
		}()
		if err := f.gonb.control.Send(question); err != nil {
			return err
		}
	}
	select {
	case <-heard:
		return nil
	case <-f.child.Gone():
		return fmt.Errorf("%w before it answered", errGoNBGone)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// heard says whether a message of GoNB's is an echo, and notes it.
func (f *front) heard(m *wire.Message) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	waits := f.echoes[m.Parent.ID]
	if waits == nil {
		return false
	}
	delete(f.echoes, m.Parent.ID)
	select {
	case waits <- struct{}{}:
	default: // it is known
	}
	return true
}
