package doctor

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/install/spec"
)

// installed installs a kernelspec, changed, into dir.
func installed(t *testing.T, h home.Home, repo, dir string, change func(*spec.Spec)) {
	t.Helper()
	s, err := spec.New(h, repo, spec.Name)
	if err != nil {
		t.Skip(err)
	}
	if change != nil {
		change(&s)
	}
	if _, err := s.Install(dir, false); err != nil {
		t.Fatal(err)
	}
}

func TestKernelspec(t *testing.T) {
	tests := []struct {
		name        string
		change      func(*spec.Spec)
		prepare     func(t *testing.T, d *Doctor)
		status      Status
		detail, fix string
	}{
		{name: "as installed", status: OK, detail: "kernels/sslkit"},
		{name: "foreign", change: func(s *spec.Spec) { s.Argv[0], s.Env = "/go/bin/gonb", nil },
			status: Fail, detail: "another kernel's, which starts /go/bin/gonb", fix: "remove or rename it, then run"},
		{name: "earlier", change: func(s *spec.Spec) { s.Argv = []string{"/bin/sh", "--kernel"} },
			status: Fail, detail: "an earlier version's, which starts /bin/sh", fix: "make setup"},
		{name: "other home", change: func(s *spec.Spec) { s.Env["SSLKIT_HOME"] = "/other" },
			status: Warn, detail: "uses the data directory /other", fix: "make setup"},
		{name: "other checkout", change: func(s *spec.Spec) { s.Argv[3] = "/other" },
			status: Warn, detail: "serves the checkout /other", fix: "make setup"},
		{name: "outdated", change: func(s *spec.Spec) { s.Env["PATH"] = "/old/go/bin" },
			status: Warn, detail: "not what would be installed today", fix: "make setup"},
		{name: "malformed", prepare: func(t *testing.T, d *Doctor) { write(t, filepath.Join(d.Home.KernelSpec(), "kernel.json"), "{") },
			status: Fail, detail: "kernel.json", fix: "make setup"},
		{name: "no program", prepare: func(t *testing.T, d *Doctor) { os.Remove(d.Home.Bin(spec.Program)) },
			status: Fail, detail: "a program that is not there", fix: "make setup"},
		{name: "program that cannot run", prepare: func(t *testing.T, d *Doctor) { os.Chmod(d.Home.Bin(spec.Program), 0o644) },
			status: Fail, detail: "permission denied", fix: "make setup"},
		{name: "checkout gone", prepare: func(t *testing.T, d *Doctor) { os.RemoveAll(d.Repo) },
			status: Fail, detail: "a checkout that is gone", fix: "where the checkout is now"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := sick(t)
			write(t, d.Home.Bin(spec.Program), "")
			write(t, filepath.Join(d.Repo, "go.mod"), "module m\n")
			installed(t, d.Home, d.Repo, d.Home.KernelSpec(), test.change)
			if test.prepare != nil {
				test.prepare(t, d)
			}
			expect(t, d.kernelspec(t.Context()), test.status, test.detail, test.fix)
		})
	}
}

// A kernelspec for the user's own Jupyter is looked at if there is one; it never fails alone.
func TestUserKernelspec(t *testing.T) {
	d := sick(t)
	write(t, d.Home.Bin(spec.Program), "")
	write(t, filepath.Join(d.Repo, "go.mod"), "module m\n")
	kernels, err := spec.UserDir()
	if err != nil {
		t.Fatal(err)
	}
	user := filepath.Join(kernels, spec.Name)
	installed(t, d.Home, d.Repo, user, nil)
	expect(t, d.kernelspec(t.Context()), Fail, "no kernelspec in "+d.Home.KernelSpec(), "make setup")
	installed(t, d.Home, d.Repo, d.Home.KernelSpec(), nil)
	expect(t, d.kernelspec(t.Context()), OK, d.Home.KernelSpec()+"\n"+user, "")
	installed(t, d.Home, d.Repo, user, func(s *spec.Spec) { s.Argv[0] = "/gone/sslkit-kernel" })
	expect(t, d.kernelspec(t.Context()), Warn, user+" starts a program that is not there", "install --user")
}
