package front

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/gossl/gossl/kernel/launch"
	"github.com/gossl/gossl/kernel/wire"
)

// shell is what GoNB is to run in place of a command of a cell. One that comes
// after GoNB's own waits at the gate: what GoNB has said comes first.
func (f *front) shell(command string, after bool) string {
	gate := ""
	if after {
		gate = f.dir.gate()
	}
	return launch.Shell(command, f.stdin.path, gate)
}

// script is the program that GoNB is to run a cell's script with.
func (f *front) script() string { return filepath.Join(f.dir.bin(), launch.ScriptName) }

// catchUp returns when everything that GoNB has said so far has been passed on.
func (f *front) catchUp() {
	ctx, cancel := context.WithTimeout(f.ctx, f.limits.Echo)
	defer cancel()
	if err := f.echo(ctx); err != nil {
		f.log("what GoNB says may come late: %v", err)
	}
}

// echo has GoNB publish something, and waits for it.
func (f *front) echo(ctx context.Context) error {
	request, err := wire.New("kernel_info_request", nil, nil)
	if err != nil {
		return err
	}
	heard := make(chan struct{})
	f.mu.Lock()
	f.echoes[request.Header.ID] = heard
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.echoes, request.Header.ID)
	}()
	if _, err := f.forward(f.gonb.control, nil, request); err != nil {
		return err
	}
	select {
	case <-heard:
		return nil
	case <-f.child.gone:
		return fmt.Errorf("%w before it answered", ErrGoNBGone)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// heard notes what GoNB publishes for an echo.
func (f *front) heard(m *wire.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if waits := f.echoes[m.Parent.ID]; waits != nil {
		close(waits)
		delete(f.echoes, m.Parent.ID)
	}
}
