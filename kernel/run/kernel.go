package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/proc"
	"github.com/gossl/gossl/kernel/wire"
)

// startTime is what the kernel gets to answer for the first time.
const startTime = time.Minute

// startKernel starts the kernel that Jupyter would, with its files in temp.
func startKernel(ctx context.Context, h home.Home, dir, temp string, stderr *proc.Tail) (*wire.Client, error) {
	file := filepath.Join(h.KernelSpec(), "kernel.json")
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("run: %w: `make setup` has not been run: %w", ErrKernel, err)
	}
	var spec struct {
		Argv []string          `json:"argv"`
		Env  map[string]string `json:"env"`
	}
	if err := json.Unmarshal(content, &spec); err != nil {
		return nil, fmt.Errorf("run: %w: %s: %w", ErrKernel, file, err)
	}
	env := h.JupyterEnv()
	maps.Copy(env, spec.Env)
	env["TMPDIR"] = temp
	limited, cancel := context.WithTimeoutCause(ctx, startTime, fmt.Errorf("it has not answered for %v", startTime))
	defer cancel()
	client, err := wire.Start(limited, wire.Command{Argv: spec.Argv, Env: home.Surroundings(env), Dir: dir, Stderr: stderr}, temp)
	switch {
	case err == nil:
		return client, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	return nil, fmt.Errorf("run: %w: %w\n%s", ErrKernel, err, stderr)
}

// errStuck is why a cell is given up that goes on after it was interrupted.
var errStuck = errors.New("the cell does not end")

// execute executes a cell. When ctx is done it interrupts the cell, which then gets
// some time to end: after that the kernel must be killed.
func execute(ctx context.Context, client *wire.Client, patience time.Duration, code string, published func(*wire.Message)) (*wire.Message, error) {
	life, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(nil)
	stop := context.AfterFunc(ctx, func() {
		patient, cancel := context.WithTimeoutCause(life, patience, errStuck)
		defer cancel()
		for patient.Err() == nil { // one that comes before the cell's process does is lost
			turn, cancel := context.WithTimeout(patient, patience/3)
			_ = client.Interrupt(turn) // whether it did anything shows in the cell
			<-turn.Done()
			cancel()
		}
		end(context.Cause(patient))
	})
	defer stop()
	return client.Execute(life, code, published)
}
