package bundle

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gossl/gossl/internal/place"
	"github.com/gossl/gossl/kernel/install/home"
)

// A target is a program or a test that is built into a bundle.
type target struct {
	source string // package of the checkout
	file   string
	test   bool
}

func (b *Bundle) targets(dir string, tests bool) []target {
	var list []target
	for _, source := range programs {
		list = append(list, target{source, filepath.Join(dir, "bin", path.Base(source)), false})
	}
	if tests {
		for _, name := range tested {
			list = append(list, target{"./sslkit/" + name, filepath.Join(dir, "tests", name, name+".test"), true})
		}
	}
	return list
}

// flags build without debug information, and put the commit into records. Programs need nothing but glibc: they load XLA's
// plugin, which a program that is linked statically cannot.
func (c commit) flags() string {
	flags := "-ldflags=-s -w -linkmode=internal"
	if c.name != "" {
		flags += " -X github.com/gossl/gossl/sslkit/bench.stamp=" + c.name
	}
	if c.changed {
		flags += "+"
	}
	return flags
}

// goBuild builds a target as cells are built.
func (b *Bundle) goBuild(ctx context.Context, t target, c commit) error {
	env, err := b.Home.Env()
	if err != nil {
		return err
	}
	env["GOWORK"] = "off"
	args := []string{"build"}
	if t.test {
		args = []string{"test", "-c"}
	}
	cmd := exec.CommandContext(ctx, "go", append(args, c.flags(), "-o", t.file, t.source)...)
	cmd.Dir, cmd.Env = b.Repo, home.Environ(env)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w\n%s", err, output.Bytes())
	}
	return nil
}

// A commit is what a bundle is made of.
type commit struct {
	name    string // "" if the checkout has none
	changed bool   // its files have been changed
}

// commitOf asks git. Other files than the commit's do not count, as in a record.
func commitOf(ctx context.Context, repo string) commit {
	git := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = repo
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	head, err := git("rev-parse", "HEAD")
	if err != nil {
		return commit{}
	}
	changes, err := git("status", "--porcelain", "--untracked-files=no")
	return commit{head, err != nil || changes != ""}
}

func (c commit) String() string {
	switch {
	case c.name == "":
		return "a checkout without a commit, so that its records name none"
	case c.changed:
		return "commit " + c.name + ", with changes that are not committed"
	}
	return "commit " + c.name
}

// facts are what a bundle says of itself, in about.txt.
type facts struct {
	commit                   commit
	goVersion, glibc, plugin string
	made                     time.Time
}

// text is a script that sets a variable for each.
func (f facts) text() []byte {
	return fmt.Appendf(nil, "commit=%s\nchanged=%t\ngo=%s\nglibc=%s\nplugin=%s\nmade=%s\n",
		f.commit.name, f.commit.changed, f.goVersion, f.glibc, f.plugin, f.made.Format(time.RFC3339))
}

// fillIn puts the facts into a page.
func (f facts) fillIn(page []byte) []byte {
	return []byte(strings.NewReplacer("{{commit}}", f.commit.String(), "{{go}}", f.goVersion, "{{glibc}}", f.glibc,
		"{{plugin}}", f.plugin, "{{made}}", f.made.Format(time.DateOnly)).Replace(string(page)))
}

// factsOf reads them in what was built and copied.
func factsOf(dir string, c commit, targets []target, o Options) (facts, error) {
	f := facts{commit: c, goVersion: runtime.Version(), plugin: o.Plugin, made: time.Now().UTC()}
	var newest version
	for _, t := range targets {
		needs, err := needsGLibC(t.file)
		if err != nil {
			return facts{}, err
		}
		newest = newer(newest, needs)
	}
	if o.Plugin != None {
		needs, err := needsGLibC(filepath.Join(dir, "plugins", place.Plugin(o.Plugin)))
		if err != nil {
			return facts{}, err
		}
		newest = newer(newest, needs)
	}
	f.glibc = fmt.Sprintf("%d.%d", newest.major, newest.minor)
	return f, nil
}

// version is one of glibc.
type version struct{ major, minor int }

func newer(a, b version) version {
	if a.major > b.major || a.major == b.major && a.minor > b.minor {
		return a
	}
	return b
}

// needsGLibC is the newest version of glibc whose functions a program or library calls.
func needsGLibC(file string) (version, error) {
	f, err := elf.Open(file)
	if err != nil {
		return version{}, fmt.Errorf("%s: %w", file, err)
	}
	defer f.Close()
	symbols, err := f.ImportedSymbols()
	if errors.Is(err, elf.ErrNoSymbols) {
		return version{}, nil
	}
	if err != nil {
		return version{}, fmt.Errorf("%s: %w", file, err)
	}
	var newest version
	for _, s := range symbols {
		text, ok := strings.CutPrefix(s.Version, "GLIBC_")
		if !ok {
			continue
		}
		major, rest, _ := strings.Cut(text, ".")
		minor, _, _ := strings.Cut(rest, ".")
		var v version
		if v.major, err = strconv.Atoi(major); err != nil {
			continue // GLIBC_PRIVATE, and what has no number
		}
		if v.minor, err = strconv.Atoi(minor); err != nil {
			continue
		}
		newest = newer(newest, v)
	}
	return newest, nil
}

// sizeOf is what a folder holds.
func sizeOf(dir string) (size int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}
