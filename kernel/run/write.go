package run

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/gossl/gossl/internal/atomicfile"
	"github.com/gossl/gossl/kernel/install/home"
)

// write writes the files that the options name.
func (r *run) write(h home.Home, temp string) error {
	o := r.options
	if o.JUnit != "" {
		content, err := r.report()
		if err != nil {
			return fmt.Errorf("run: report: %w", err)
		}
		if err := atomicfile.Write(o.JUnit, content); err != nil {
			return fmt.Errorf("run: %w", err)
		}
	}
	if o.Output == "" && o.HTML == "" {
		return nil
	}
	if err := r.fill(); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	content, err := r.document.Encode()
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	if o.Output != "" {
		if err := atomicfile.Write(o.Output, content); err != nil {
			return fmt.Errorf("run: %w", err)
		}
	}
	if o.HTML == "" {
		return nil
	}
	r.watch.display.Start("Make the page")
	err = writePage(h, temp, o, content)
	if err == nil {
		r.watch.done("ok")
	}
	return err
}

// pageTime is what nbconvert gets.
const pageTime = 2 * time.Minute

// writePage has nbconvert make the page of an executed notebook. It is made when a run was
// interrupted, too.
func writePage(h home.Home, temp string, o Options, content []byte) error {
	title := strings.TrimSuffix(filepath.Base(o.Notebook), ".ipynb")
	source := filepath.Join(temp, title+".ipynb")
	if err := os.WriteFile(source, content, 0o600); err != nil {
		return fmt.Errorf("run: page: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), pageTime)
	defer cancel()
	env := h.JupyterEnv()
	env["TMPDIR"] = temp
	convert := exec.CommandContext(ctx, h.Python(), "-I", "-m", "nbconvert", "--to", "html", "--embed-images",
		"--log-level", "ERROR", "--output-dir", temp, "--output", "page", source)
	convert.Env = home.Environ(env)
	if messages, err := convert.CombinedOutput(); err != nil {
		return fmt.Errorf("run: page %s: nbconvert: %w\n%s", o.HTML, err, messages)
	}
	page, err := os.ReadFile(filepath.Join(temp, "page.html"))
	if err != nil {
		return fmt.Errorf("run: page %s: nbconvert wrote none: %w", o.HTML, err)
	}
	if err := atomicfile.Write(o.HTML, page); err != nil {
		return fmt.Errorf("run: page: %w", err)
	}
	return nil
}
