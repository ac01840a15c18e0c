package setup

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/gossl/gossl/kernel/home"
)

// trimmed is less than the five days after which Go drops what nobody used from its build cache.
const trimmed = 4 * 24 * time.Hour

// warm is the step that compiles all that notebooks import, so that no cell has to wait for it.
func (s *Setup) warm() step {
	return step{
		name:  "Compile what notebooks import",
		key:   []string{runtime.Version(), home.GoFlags, fmt.Sprint(time.Now().Unix() / int64(trimmed/time.Second))},
		files: []string{"../../go.mod", "../../go.sum"},
		wants: []string{s.Home.Path("go", "cache")},
		run:   s.compile,
	}
}

// compile builds a program in a workspace like GoNB's that imports every package of the library: once with downloads
// allowed, for what only a workspace asks for, and once as a cell will.
func (s *Setup) compile(ctx context.Context) error {
	packages, err := s.packages(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(s.Home.Temp(), "warm-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var program strings.Builder
	program.WriteString("package main\n\n")
	for _, name := range packages {
		fmt.Fprintf(&program, "import _ %q\n", name)
	}
	program.WriteString("\nfunc main() {}\n")
	for name, content := range map[string]string{
		"main.go": program.String(),
		"go.mod":  "module warm\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	online := s.Home.DownloadEnv()
	online["GOWORK"] = ""
	if err := s.command(ctx, online, dir, "go", "work", "init", ".", s.Repo); err != nil {
		return err
	}
	if err := s.command(ctx, online, dir, "go", "build", "-v", "-o", "cell"); err != nil {
		return err
	}
	offline, err := s.Home.Env()
	if err != nil {
		return err
	}
	offline["GOWORK"] = ""
	return s.command(ctx, offline, dir, "go", "build", "-o", "cell")
}

// packages lists the library's packages that a notebook can import.
func (s *Setup) packages(ctx context.Context) ([]string, error) {
	list := exec.CommandContext(ctx, "go", "list", "-f", "{{if ne .Name \"main\"}}{{.ImportPath}}{{end}}", "./sslkit/...")
	list.Dir = s.Repo
	list.Env = home.Environ(s.Home.DownloadEnv())
	list.Stderr = s.log
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list ./sslkit/...: %w (see %s)", err, s.log.Name())
	}
	var packages []string
	for _, name := range strings.Fields(string(out)) {
		if !strings.Contains(name+"/", "/internal/") {
			packages = append(packages, name)
		}
	}
	return packages, nil
}
