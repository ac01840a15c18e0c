package doctor

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gossl/gossl/internal/nvidia"
)

// The cells are whole programs, so that they do not depend on what else a kernel makes of a cell.
const (
	helloCell = `import "fmt"

func main() { fmt.Println("hello") }`

	panicCell = `func main() { panic("on purpose") }`

	sleepCell = `import ("fmt"; "time")

func main() {
	fmt.Println("asleep")
	time.Sleep(time.Minute)
	fmt.Println("awake")
}`
)

//go:embed cells/device.txt
var deviceCell string

// cell checks that a cell runs and is heard.
func (l *live) cell(ctx context.Context) Check {
	r, err := l.execute(ctx, helloCell, nil)
	switch {
	case err != nil:
		return l.broken(err)
	case r.Status != "ok":
		return fail(l.doctor.setup(), "%s", r.said())
	case r.printed != "hello\n":
		return fail(l.doctor.setup(), "a cell that prints %q is heard to print %q", "hello\n", r.printed)
	}
	return ok("a cell runs and prints")
}

// panics checks that the failure of a cell is not taken for success.
func (l *live) panics(ctx context.Context) Check {
	r, err := l.execute(ctx, panicCell, nil)
	switch {
	case err != nil:
		return l.broken(err)
	case r.Status != "error":
		return fail(l.doctor.setup(), "a cell that panics has status %q, want error", r.Status)
	}
	return ok("a cell that panics fails: %s", r.Value)
}

// interrupt checks that Stop stops a cell.
func (l *live) interrupt(ctx context.Context) Check {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	interrupted := make(chan error, 1)
	var asked time.Time
	r, err := l.execute(ctx, sleepCell, func(all string) {
		if !strings.Contains(all, "asleep") || !asked.IsZero() {
			return
		}
		asked = time.Now()
		k := l.kernel
		go func() { interrupted <- k.Interrupt(ctx) }()
		time.AfterFunc(l.limits.interrupt, cancel)
	})
	took := time.Since(asked)
	if err == nil && !asked.IsZero() {
		err = <-interrupted
	}
	switch {
	case !asked.IsZero() && ctx.Err() != nil && took >= l.limits.interrupt:
		return fail(l.doctor.setup(), "a cell that sleeps goes on %v after Stop", l.limits.interrupt)
	case err != nil:
		return l.broken(err)
	case asked.IsZero() || strings.Contains(r.printed, "awake"):
		return fail(l.doctor.setup(), "a cell that sleeps could not be interrupted; it printed %q; %s", r.printed, r.said())
	case r.Status != "error":
		return fail(l.doctor.setup(), "a cell that was interrupted has status %q, want error", r.Status)
	}
	return ok("a cell that sleeps ends %.2f s after Stop", took.Seconds())
}

// device checks that a matrix product on the device is right.
func (l *live) device(ctx context.Context) Check {
	r, err := l.execute(ctx, deviceCell, nil)
	if err != nil {
		return l.broken(err)
	}
	if r.Status != "ok" {
		return fail(l.doctor.setup(), "%s\n%s", r.said(), few(r.printed))
	}
	var answer struct {
		Kind, Device string
		Product      [][]float64
	}
	if json.Unmarshal([]byte(lastLine(r.printed)), &answer) != nil {
		return fail(l.doctor.setup(), "the cell prints %q, want its device and a product", few(r.printed))
	}
	want := [][]float64{{19, 22}, {43, 50}}
	if !equal(answer.Product, want) {
		return fail("reinstall the plugin: remove "+l.doctor.Home.Plugins()+", then "+l.doctor.setup(),
			"%s multiplies two matrices to %v, want %v", answer.Device, answer.Product, want)
	}
	detail := "a product of two matrices is right on " + answer.Device
	switch {
	case answer.Kind == "go":
		return warn(l.doctor.setup(), "%s: about 100 times slower than XLA", detail)
	case nvidia.Usable(l.doctor.root) && answer.Kind != "cuda":
		return warn(l.doctor.setup(), "%s, not on the GPU of this machine", detail)
	}
	return ok("%s", detail)
}

func equal(a, b [][]float64) bool {
	return fmt.Sprint(a) == fmt.Sprint(b)
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
