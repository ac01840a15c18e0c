package doctor

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/gossl/gossl/kernel/install/spec"
)

// kernelspec checks that Jupyter finds the kernel: the JupyterLab that set-up installed, and the user's own Jupyter if
// the kernel was installed for it.
func (d *Doctor) kernelspec(context.Context) Check {
	own := d.checkSpec(d.Home.KernelSpec(), d.setup())
	kernels, err := spec.UserDir()
	if err != nil {
		return own // without a home directory no Jupyter looks there
	}
	dir := filepath.Join(kernels, spec.Name)
	if _, err := os.Stat(dir); err != nil {
		return own
	}
	user := d.checkSpec(dir, d.in("kernel/sslkit.sh install --user"))
	switch {
	case user.Status == OK:
		own.Detail += "\n" + user.Detail
	case own.Status == OK: // the installed JupyterLab does not look at the user's
		user.Status = Warn
		user.Detail = own.Detail + "\n" + user.Detail
		return user
	}
	return own
}

// checkSpec checks the kernelspec in a folder.
func (d *Doctor) checkSpec(dir, fix string) Check {
	s, err := spec.Read(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fail(fix, "no kernelspec in %s: Jupyter does not know the kernel", dir)
	case err != nil:
		return fail(fix, "%v", err)
	case !s.Ours():
		return fail("remove or rename it, then "+fix, "%s is another kernel's, which starts %s", dir, s.Argv[0])
	}
	if _, err := exec.LookPath(s.Argv[0]); err != nil {
		return fail(fix, "%s starts a program that is not there: %v", dir, err)
	}
	if home := s.Env["SSLKIT_HOME"]; home != string(d.Home) {
		return warn(fix, "%s uses the data directory %s, this is %s", dir, home, d.Home)
	}
	if s.Repo() == "" {
		return fail(fix, "%s is an earlier version's, which starts %s", dir, s.Argv[0])
	}
	if s.Repo() != d.Repo {
		return warn(fix, "%s serves the checkout %s, this is %s", dir, s.Repo(), d.Repo)
	}
	if _, err := os.Stat(filepath.Join(d.Repo, "go.mod")); err != nil {
		return fail("run `make setup` where the checkout is now", "%s serves a checkout that is gone: %v", dir, err)
	}
	want, err := spec.New(d.Home, d.Repo, spec.Name)
	if err != nil {
		return fail("install what is missing", "%v", err)
	}
	if !want.Installed(dir) {
		return warn(fix, "%s is not what would be installed today", dir)
	}
	return ok("%s", dir)
}
