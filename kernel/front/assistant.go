package front

import (
	"path/filepath"
	"slices"

	"github.com/gossl/gossl/kernel/assist"
	"github.com/gossl/gossl/kernel/launch"
)

// startAssist starts what answers Tab and Shift-Tab, once GoNB's folder is there. front.mu is held.
func (f *front) startAssist(workDir string) {
	if f.assist != nil || f.options.Gopls == "" {
		return
	}
	env := append(f.toolEnviron(), "TMPDIR="+f.dir.temp()) // where what it leaves is removed
	f.assist = assist.Start(f.ctx, assist.Options{
		Gopls: f.options.Gopls, Guard: filepath.Join(f.dir.bin(), launch.GuardName), Dir: workDir, Env: env,
	})
}

// toolEnviron is the environment in which we run Go tools.
func (f *front) toolEnviron() []string { return slices.Concat(f.environ, f.options.Tools) }

func (f *front) closeAssist() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.assist != nil {
		f.assist.Close()
	}
}

// workDir is the folder that GoNB builds in.
func (f *front) workDir() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dir.work
}
