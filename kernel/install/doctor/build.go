package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gossl/gossl/kernel/install/setup"
)

const (
	coldest = 10 * time.Minute // to compile everything that notebooks import
	slow    = 5 * time.Second  // for a changed cell's build
)

// workspace is what the check of the workspace leaves to that of the build cache.
type workspace struct {
	first, changed setup.Build
	err            error
}

var errSlow = fmt.Errorf("the build has not ended after %v", coldest)

// workspace checks that a cell that imports the whole library is built offline.
func (d *Doctor) workspace(ctx context.Context, w *workspace) Check {
	if w.err = d.build(ctx, w); w.err != nil {
		return fail(d.in("make setup && kernel/sslkit.sh warm"), "%s", few(w.err.Error()))
	}
	return ok("a cell that imports the whole library of %s is built offline", d.Repo)
}

func (d *Doctor) build(ctx context.Context, result *workspace) (err error) {
	if d.Repo == "" {
		return errors.New("no checkout: neither this folder nor the installed kernel has one")
	}
	ctx, cancel := context.WithTimeoutCause(ctx, coldest, errSlow)
	defer cancel()
	w, err := setup.NewWorkspace(ctx, d.Home, d.Repo)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	if result.first, err = w.Build(ctx); err != nil {
		return err
	}
	result.changed, err = w.Build(ctx)
	return err
}

// buildCache checks that no cell waits for a package to be compiled.
func (d *Doctor) buildCache(_ context.Context, w *workspace) Check {
	fix := d.in("kernel/sslkit.sh warm")
	took := w.changed.Time.Seconds()
	switch {
	case w.err != nil:
		return warn(fix, "not looked at: no cell is built")
	case len(w.changed.Compiled) > 0:
		return warn("make room on the disk of "+d.Home.Path("go", "cache")+", then "+fix,
			"each build compiles %d packages anew, %s among them", len(w.changed.Compiled), w.changed.Compiled[0])
	case len(w.first.Compiled) > 0 && w.first.Time > slow:
		return warn(fix+" after each change of Go or of the checkout",
			"%d packages were not in it: the first cell would have waited %.1f s; now a changed cell is built in %.2f s",
			len(w.first.Compiled), w.first.Time.Seconds(), took)
	case w.changed.Time > slow:
		return warn("see what else runs on this machine", "a changed cell is built in %.1f s, usual is 1 s", took)
	case len(w.first.Compiled) > 0:
		return ok("a changed cell is built in %.2f s, after %d packages that were not in it: %.1f s",
			took, len(w.first.Compiled), w.first.Time.Seconds())
	}
	return ok("warm: a changed cell is built in %.2f s", took)
}
