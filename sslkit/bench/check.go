package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
	"golang.org/x/sys/unix"
)

// check refuses what the runs would refuse, whether they are to be made or only estimated.
func (c command) check(recipes []recipe.Recipe) error {
	if err := writable(c.out); err != nil {
		return fmt.Errorf("-out %s: %w", c.out, err)
	}
	if err := c.feed.Validate(); err != nil {
		return fmt.Errorf("-feed: %w", err)
	}
	for _, r := range recipes {
		whole, err := recipe.At(r.Preset, r.Data, r.Name, r.Batch, r.Epochs)
		switch {
		case err != nil:
			return fmt.Errorf("bench: %w", err)
		case r.TrainImages > whole.TrainImages:
			return fmt.Errorf("-images %d: %s has %d training images", r.TrainImages, titleOf(r.Data), whole.TrainImages)
		case r.TestImages > whole.TestImages:
			return fmt.Errorf("-test-images %d: %s has %d test images", r.TestImages, titleOf(r.Data), whole.TestImages)
		}
	}
	return nil
}

// checkRun refuses what one run would refuse: a record or a folder of another recipe.
func (c command) checkRun(r recipe.Recipe) error {
	if _, ok, err := finished(c.out, r); ok || err != nil {
		return err
	}
	return train.Check(r, train.Options{Dir: runFolder(c.out, r), Feed: c.feed})
}

// checkData reports images that are not there, unless they are to be downloaded.
func (c command) checkData(ctx context.Context) error {
	if c.download {
		return nil
	}
	_, err := dataset.Load(ctx, c.plan.Data, 1, 0, nil)
	return err
}

// withHome is a path with the user's folder in place of its ~, which shells leave in
// -out=~/x.
func withHome(path string) string {
	home, err := os.UserHomeDir()
	if rest, ok := strings.CutPrefix(path, "~/"); ok && err == nil {
		return filepath.Join(home, rest)
	}
	return path
}

// writable reports a folder that can neither be written to nor made.
func writable(dir string) error {
	about, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir:
		return writable(filepath.Dir(dir))
	case err != nil:
		return err
	case !about.IsDir():
		return fmt.Errorf("%s is a file, want a folder", dir)
	}
	if err := unix.Access(dir, unix.W_OK); err != nil {
		return fmt.Errorf("%s cannot be written to: %w", dir, err)
	}
	return nil
}
