package front

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
)

// surrounding is the Go module, or the workspace, in which the notebook lies.
type surrounding struct {
	dir      string      // of its go.mod or go.work; "" if there is none
	modules  []module    // its own; those of a workspace
	replaces [][2]string // of a workspace: what, and by what
	problem  string      // why cells cannot use it; "" if they can
}

// module is a module by its path and its folder.
type module struct{ path, dir string }

// surround looks for the module around the working directory, and adds it to those
// that cells can import: if the go command cannot load it, nothing could be built with it.
func (f *front) surround() {
	dir, err := os.Getwd()
	if err != nil {
		return // the folder is gone, which cells will tell
	}
	s := &f.around
	if s.dir = above(dir); s.dir == "" || slices.ContainsFunc(f.options.GoWork, func(d string) bool { return same(d, s.dir) }) {
		return
	}
	all := f.options.GoWork
	if err = f.readModules(s); err == nil {
		all = f.joined(s.modules)
		err = f.loads(all)
	}
	if err != nil {
		s.problem = err.Error()
		f.log("cells cannot use the module in %s: %s", s.dir, s.problem)
		return
	}
	f.options.GoWork = all
}

// above returns the nearest folder with a go.work, or else with a go.mod, from dir up.
func above(dir string) string {
	for _, name := range []string{"go.work", "go.mod"} {
		for at := dir; ; at = filepath.Dir(at) {
			if info, err := os.Stat(filepath.Join(at, name)); err == nil && info.Mode().IsRegular() {
				return at
			}
			if at == filepath.Dir(at) {
				break
			}
		}
	}
	return ""
}

// same says whether two folders are one.
func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// readModules asks the go command for the modules around the notebook, and for
// what their workspace replaces.
func (f *front) readModules(s *surrounding) error {
	out, err := f.goCommand(s.dir, "list", "-m", "-f", "{{.Path}}\t{{.Dir}}")
	if err != nil {
		return err
	}
	for line := range strings.Lines(out) {
		path, dir, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if strings.Contains(dir, ",") {
			return fmt.Errorf("%s: GoNB takes no folder with a comma in its name", dir)
		}
		s.modules = append(s.modules, module{path, dir})
	}
	if _, err := os.Stat(filepath.Join(s.dir, "go.work")); err != nil {
		return nil // a module alone has its replaces in its go.mod
	}
	if out, err = f.goCommand(s.dir, "work", "edit", "-json"); err != nil {
		return err
	}
	var work struct {
		Replace []struct {
			Old, New struct{ Path, Version string }
		}
	}
	if err := json.Unmarshal([]byte(out), &work); err != nil {
		return fmt.Errorf("go.work: %w", err)
	}
	for _, r := range work.Replace {
		if r.New.Version == "" && !filepath.IsAbs(r.New.Path) {
			r.New.Path = filepath.Join(s.dir, r.New.Path)
		}
		s.replaces = append(s.replaces, [2]string{at(r.Old.Path, r.Old.Version), at(r.New.Path, r.New.Version)})
	}
	return nil
}

func at(path, version string) string { return strings.TrimSuffix(path+"@"+version, "@") }

var modulePath = regexp.MustCompile(`(?m)^module\s+"?([^\s"]+)`)

// joined adds modules to those that cells can import anyway. One of the same path
// takes the other's place: the notebook lies in it.
func (f *front) joined(modules []module) []string {
	all := slices.DeleteFunc(slices.Clone(f.options.GoWork), func(dir string) bool {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		found := modulePath.FindSubmatch(text)
		return err == nil && found != nil && slices.ContainsFunc(modules, func(m module) bool { return m.path == string(found[1]) })
	})
	for _, m := range modules {
		all = append(all, m.dir)
	}
	return all
}

// loads tries whether the go command can load modules together, as it must for every
// cell, and returns why not. What the kernel's module cache lacks may come from the
// user's own.
func (f *front) loads(dirs []string) error {
	dir := filepath.Join(f.dir.path, "probe")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	defer os.RemoveAll(dir) // it goes with the kernel's folder at the latest
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module "+gonb.FolderPrefix+"probe\n"), 0o600); err != nil {
		return err
	}
	if _, err := f.goCommand(dir, append([]string{"work", "init", "."}, dirs...)...); err != nil {
		return err
	}
	if err := f.replace(dir); err != nil {
		return err
	}
	if os.Getenv("GOPROXY") == "off" && f.options.ModCache != "" { // %env sets another
		f.environ = append(f.environ, "GOPROXY=file://"+filepath.ToSlash(filepath.Join(f.options.ModCache, "cache", "download"))+",off")
	}
	_, err := f.goCommand(dir, "mod", "graph")
	return err
}

// replace puts what the workspace around the notebook replaces into that of a folder.
func (f *front) replace(dir string) error {
	if len(f.around.replaces) == 0 {
		return nil
	}
	args := []string{"work", "edit"}
	for _, r := range f.around.replaces {
		args = append(args, "-replace="+r[0]+"="+r[1])
	}
	_, err := f.goCommand(dir, args...)
	return err
}

// unusable says why a cell cannot import what it does: a package of the module
// around the notebook that the go command does not load; "" if it can.
func (f *front) unusable(code string) string {
	s := &f.around
	if s.problem == "" {
		return ""
	}
	paths := []string{}
	for _, m := range s.modules {
		paths = append(paths, m.path)
	}
	text, err := os.ReadFile(filepath.Join(s.dir, "go.mod"))
	if found := modulePath.FindSubmatch(text); err == nil && found != nil { // if Go could not even list it
		paths = append(paths, string(found[1]))
	}
	imports := gonb.ImportPaths(code)
	for _, path := range paths {
		if slices.ContainsFunc(imports, func(p string) bool { return p == path || strings.HasPrefix(p, path+"/") }) {
			return fmt.Sprintf("cells cannot use the module %s in %s: %s\n%s", path, s.dir, s.problem, f.remedy())
		}
	}
	return ""
}

func (f *front) remedy() string {
	return fmt.Sprintf("If modules are missing, run `go mod download` in %s, then restart the kernel", f.around.dir)
}

// lacking matches what the go command says of a module that it may not fetch.
var lacking = regexp.MustCompile(`module lookup disabled by GOPROXY=off|reading file://\S+: no such file`)

// advice is what to do about a build that failed for want of a module that the one
// around the notebook requires; "" for other failures.
func (f *front) advice(output string) string {
	if f.around.dir == "" || len(f.around.modules) == 0 || !lacking.MatchString(output) {
		return ""
	}
	return "\n" + f.remedy()
}
