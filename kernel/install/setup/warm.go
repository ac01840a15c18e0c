package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/gossl/gossl/kernel/assist"
	"github.com/gossl/gossl/kernel/install/home"
)

// trimmed is less than the five days after which Go drops what nobody used from its build cache.
const trimmed = 4 * 24 * time.Hour

// LastStep is the name of set-up's last step.
const LastStep = "Compile what notebooks import"

// warm is the step that compiles all that notebooks import, so that no cell has to wait for it.
func (s *Setup) warm() step {
	return step{
		name:  LastStep,
		key:   []string{runtime.Version(), home.GoFlags, fmt.Sprint(time.Now().Unix() / int64(trimmed/time.Second))},
		files: []string{"../../go.mod", "../../go.sum"},
		wants: []string{s.Home.Path("go", "cache")},
		run: func(ctx context.Context) error {
			_, err := s.compile(ctx)
			return err
		},
	}
}

// Warm compiles all that notebooks import, whether or not that has been done, and returns the build of a changed cell
// thereafter.
func (s *Setup) Warm(ctx context.Context) (Build, error) {
	if err := s.haveTools(); err != nil {
		return Build{}, fmt.Errorf("setup: %w", err)
	}
	if err := s.open(); err != nil {
		return Build{}, fmt.Errorf("setup: %w", err)
	}
	defer s.log.Close()
	var b Build
	step := s.warm()
	step.run = func(ctx context.Context) (err error) {
		b, err = s.compile(ctx)
		return err
	}
	if err := s.do(ctx, step); err != nil {
		return Build{}, fmt.Errorf("setup: %w", err)
	}
	return b, nil
}

// haveTools reports what cells need and is not installed.
func (s *Setup) haveTools() error {
	var missing []string
	for _, file := range s.tools().wants {
		if _, err := os.Stat(file); err != nil {
			missing = append(missing, file)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s missing: run `make setup` in %s", strings.Join(missing, ", "), s.Repo)
	}
	return nil
}

// compile builds a cell that imports every package of the library: once with downloads allowed, for what only a
// workspace asks for, once as a cell will, and once more to see that nothing is left to compile.
func (s *Setup) compile(ctx context.Context) (b Build, err error) {
	w, err := NewWorkspace(ctx, s.Home, s.Repo)
	if err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	online := s.Home.DownloadEnv()
	online["GOWORK"] = ""
	if err := s.command(ctx, online, w.dir, "go", "build", "-v", "-o", program+".out"); err != nil {
		return b, err
	}
	for range 2 {
		if b, err = w.Build(ctx); err != nil {
			return b, err
		}
	}
	if len(b.Compiled) > 0 {
		return b, fmt.Errorf("a changed cell compiles %s anew: is the disk of %s full?",
			strings.Join(b.Compiled, ", "), s.Home.Path("go", "cache"))
	}
	return b, s.index(ctx, w)
}

// indexTime is how long gopls may take to load the library.
const indexTime = time.Minute

// index has gopls load the library once: it keeps what it learns, and the first Tab in a notebook is quick.
func (s *Setup) index(ctx context.Context, w *Workspace) error {
	a := assist.Start(ctx, assist.Options{Gopls: s.Home.Bin("gopls"), Dir: w.dir, Env: w.env})
	defer a.Close()
	select {
	case <-a.Ready():
		return nil
	case <-a.Done():
		return nil // completion is missing then: the doctor says why
	case <-time.After(indexTime):
		return nil // completion is late then
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
