package spec

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/gossl/gossl/internal/atomicfile"
)

// JupyterLab shows it under this name.
//
//go:embed logo-svg.svg
var logo []byte

const logoName = "logo-svg.svg"

// A resource is a file of a kernelspec's folder.
type resource struct {
	path    string
	content []byte
}

func (s Spec) resources(dir string) ([]resource, error) {
	content, err := s.encode()
	if err != nil {
		return nil, err
	}
	return []resource{{filepath.Join(dir, logoName), logo}, {file(dir), content}}, nil
}

func (r resource) isThere() bool {
	have, err := os.ReadFile(r.path)
	return err == nil && bytes.Equal(have, r.content)
}

// Installed says whether dir holds exactly this kernelspec.
func (s Spec) Installed(dir string) bool {
	files, err := s.outdated(dir)
	return err == nil && len(files) == 0
}

func (s Spec) outdated(dir string) ([]resource, error) {
	resources, err := s.resources(dir)
	return slices.DeleteFunc(resources, resource.isThere), err
}

// Install writes the kernelspec into dir and returns the paths of the files that it wrote: none if all are up to date.
// With dryRun it writes nothing. Another kernel's kernelspec stays.
func (s Spec) Install(dir string, dryRun bool) (written []string, err error) {
	if there, err := Read(dir); err == nil && !there.Ours() {
		return nil, fmt.Errorf("spec: %s is another kernel's, which starts %s: want another name", file(dir), there.Argv[0])
	}
	files, err := s.outdated(dir)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if !dryRun {
			if err := write(f); err != nil {
				return written, fmt.Errorf("spec: %w", err)
			}
		}
		written = append(written, f.path)
	}
	return written, nil
}

func write(r resource) error {
	if err := os.MkdirAll(filepath.Dir(r.path), 0o755); err != nil {
		return err
	}
	return atomicfile.Write(r.path, r.content)
}

// Uninstall removes the kernelspec in dir, if it is an sslkit kernel's, and returns the paths of the files and folders
// that it removed. With dryRun it removes nothing.
func Uninstall(dir string, dryRun bool) (removed []string, err error) {
	s, err := Read(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("spec: no kernelspec in %s: %w", dir, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	if !s.Ours() {
		return nil, fmt.Errorf("spec: %s is not removed: it starts %s, not an %s", file(dir), s.Argv[0], Program)
	}
	err = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		removed = append(removed, path)
		return err
	})
	if err == nil && !dryRun {
		err = os.RemoveAll(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("spec: %w", err)
	}
	slices.Reverse(removed) // a folder after what was in it
	return removed, nil
}
