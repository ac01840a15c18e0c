// Package bundle packs what runs on machines without Go, network or root, such as the nodes of a cluster: the programs of
// the benchmarks, the command sslkit, tests, data sets, XLA's plugin, and a script that runs all of that and gathers the
// records.
package bundle

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/progress"
)

// The plugins that a bundle can hold. With None it uses the Python packages of the machine on which it runs.
const (
	CPU  = "cpu"
	CUDA = "cuda"
	None = "none"
)

// Options say what is in a bundle besides the programs.
type Options struct {
	Data   []string // names of data sets, see [DataSets]
	Plugin string   // CPU, CUDA or None
	Tests  bool
	Link   bool  // link to data sets and plugins instead of copying them: it takes no space, but they are the same files
	Split  int64 // bytes: also write it as archives of at most this size; 0: do not
}

// Bundle makes bundles of a checkout.
type Bundle struct {
	Home home.Home
	Repo string // the checkout

	build   func(ctx context.Context, t target, c commit) error
	display *progress.Display
}

// New makes bundles of what is installed in a data directory, and of a checkout.
func New(h home.Home, repo string) *Bundle {
	b := &Bundle{Home: h, Repo: repo, display: progress.New(os.Stdout)}
	b.build = b.goBuild
	return b
}

var (
	//go:embed run.sh
	runScript []byte
	//go:embed README.md
	readme []byte
)

// programs are the packages of the programs in a bundle.
var programs = []string{"./sslkit/cmd/sslkit", "./notebooks/cifar10_benchmark", "./notebooks/imagenette_benchmark"}

// tested are the packages of the library whose tests run on a device.
var tested = []string{"device", "op", "nn", "augment", "loss", "optim", "backbone", "method", "eval", "train"}

// Make writes a bundle to a folder, which must not exist or be empty. It appears there at the end, whole.
func (b *Bundle) Make(ctx context.Context, dir string, o Options) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	parts, err := b.check(dir, o)
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	unfinished := dir + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	defer os.RemoveAll(unfinished)
	if err := b.fill(ctx, unfinished, parts, o); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("bundle: %w", err)
	}
	if err := os.Rename(unfinished, dir); err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	if o.Split > 0 {
		if err := b.archive(ctx, dir, o.Split); err != nil {
			return fmt.Errorf("bundle: %w", err)
		}
	}
	return nil
}

// check refuses what cannot be made before anything is built, and says what is to be copied.
func (b *Bundle) check(dir string, o Options) ([]part, error) {
	entries, err := os.ReadDir(dir)
	switch {
	case len(entries) > 0:
		return nil, fmt.Errorf("%s is not empty: want a new folder", dir)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case o.Split < 0:
		return nil, fmt.Errorf("archives of %d bytes: want a positive number", o.Split)
	}
	data, err := dataParts(o.Data)
	if err != nil {
		return nil, err
	}
	plugin, err := b.pluginParts(o.Plugin)
	return append(data, plugin...), err
}

// fill writes all that is in a bundle.
func (b *Bundle) fill(ctx context.Context, dir string, parts []part, o Options) error {
	c, targets := commitOf(ctx, b.Repo), b.targets(dir, o.Tests)
	for _, t := range targets {
		if err := b.step(ctx, "Build "+filepath.Base(t.file), func() error { return b.build(ctx, t, c) }); err != nil {
			return err
		}
	}
	put := copyFile
	if o.Link {
		put = os.Link
	}
	for _, p := range parts {
		if err := b.step(ctx, "Copy "+p.what, func() error { return copyTree(ctx, p.from, filepath.Join(dir, p.to), put) }); err != nil {
			return err
		}
	}
	if err := linkPlugin(dir, o.Plugin); err != nil {
		return err
	}
	if o.Tests {
		if err := b.testData(ctx, dir); err != nil {
			return err
		}
	}
	facts, err := factsOf(dir, c, targets, o)
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{"about.txt": facts.text(), "README.md": facts.fillIn(readme), "run.sh": runScript} {
		mode := fs.FileMode(0o644)
		if filepath.Ext(name) == ".sh" {
			mode = 0o755
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, mode); err != nil {
			return err
		}
	}
	size, err := sizeOf(dir)
	b.display.Println(fmt.Sprintf("A bundle of %s, %d MB: needs glibc %s", c, size>>20, facts.glibc))
	return err
}

// step names what is being done.
func (b *Bundle) step(ctx context.Context, label string, do func() error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	b.display.Start(label)
	err := do()
	if err != nil {
		b.display.Done("failed")
		return fmt.Errorf("%s: %w", strings.ToLower(label[:1])+label[1:], err)
	}
	b.display.Done("done")
	return nil
}

// testData copies the files that tests read: each package's own, and the reference numbers of all.
func (b *Bundle) testData(ctx context.Context, dir string) error {
	for _, name := range append(slices.Clone(tested), "") {
		from := filepath.Join(b.Repo, "sslkit", name, "testdata")
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := copyTree(ctx, from, filepath.Join(dir, "tests", name, "testdata"), copyFile); err != nil {
			return err
		}
	}
	return nil
}
