package bundle

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gossl/gossl/internal/place"
)

// A part is a file or folder that goes into a bundle as it is.
type part struct {
	what, from string
	to         string // in the bundle
}

// folders are those of the data sets by their names.
var folders = map[string]string{"cifar10": place.CIFAR10, "imagenette": place.Imagenette}

// DataSets are the names of the data sets that a bundle can hold.
func DataSets() []string { return slices.Sorted(maps.Keys(folders)) }

// dataParts are the data sets, which must be on this machine.
func dataParts(names []string) ([]part, error) {
	var parts []part
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		folder, known := folders[name]
		if !known {
			return nil, fmt.Errorf("data set %q: want some of %s", name, strings.Join(DataSets(), ", "))
		}
		from, err := filepath.EvalSymlinks(filepath.Join(place.Data(), folder))
		if err != nil {
			return nil, fmt.Errorf("data set %s: %w: `go run ./notebooks/%s_benchmark -download -quick` fetches it, and SSLKIT_DATA says where it is", name, err, name)
		}
		parts = append(parts, part{name, from, filepath.Join("data", folder)})
	}
	return parts, nil
}

// packages is where a bundle keeps the Python packages that hold NVIDIA's libraries: the plugin finds them by their
// place relative to its own.
const packages = "packages"

// pluginParts are XLA's plugin and what it needs, which must be installed on this machine.
func (b *Bundle) pluginParts(kind string) ([]part, error) {
	switch kind {
	case None:
		return nil, nil
	case CPU, CUDA:
	default:
		return nil, fmt.Errorf("plugin %q: want %s, %s or %s", kind, CPU, CUDA, None)
	}
	plugin, err := filepath.EvalSymlinks(filepath.Join(b.Home.Plugins(), place.Plugin(kind)))
	if err != nil {
		install := "make setup"
		if kind == CUDA {
			install = "SSLKIT_CUDA=1 make setup"
		}
		return nil, fmt.Errorf("XLA's plugin for %s: %w: `%s` installs it", kind, err, install)
	}
	if kind == CPU {
		return []part{
			{"XLA's plugin for cpu", plugin, filepath.Join("plugins", place.Plugin(CPU))},
			{"oneDNN", filepath.Join(b.Home.Plugins(), place.OneDNN), filepath.Join("plugins", place.OneDNN)},
		}, nil
	}
	site := filepath.Join(filepath.Dir(plugin), "..", "..") // of site-packages/jax_plugins/xla_cuda13/xla_cuda_plugin.so
	parts := []part{
		{"XLA's plugin for cuda", plugin, filepath.Join(packages, place.CUDAPlugin)},
		{"NVIDIA's libraries", filepath.Join(site, "nvidia"), filepath.Join(packages, "nvidia")},
	}
	for _, wheels := range []string{"jax_cuda*", "nvidia*"} { // what was compiled and tuned is kept apart by their versions
		versions, err := filepath.Glob(filepath.Join(site, wheels+".dist-info"))
		if err != nil {
			return nil, err
		}
		for _, from := range versions {
			name := filepath.Base(from)
			parts = append(parts, part{strings.TrimSuffix(name, ".dist-info"), from, filepath.Join(packages, name)})
		}
	}
	return parts, nil
}

// linkPlugin puts the plugin for CUDA where programs look for it.
func linkPlugin(dir, kind string) error {
	if kind != CUDA {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(dir, "plugins"), 0o755); err != nil {
		return err
	}
	return os.Symlink(filepath.Join("..", packages, place.CUDAPlugin), filepath.Join(dir, "plugins", place.Plugin(CUDA)))
}

// copyTree repeats a file or folder elsewhere, by put.
func copyTree(ctx context.Context, from, to string, put func(from, to string) error) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return err
		}
		rest, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rest)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		switch {
		case entry.IsDir():
			if entry.Name() == "__pycache__" {
				return filepath.SkipDir
			}
			return os.MkdirAll(target, 0o755)
		case entry.Type() == fs.ModeSymlink: // what it leads to may not be in the bundle
			if path, err = filepath.EvalSymlinks(path); err != nil {
				return err
			}
		}
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return errors.Join(err, fmt.Errorf("%s is neither a file nor a folder", path))
		}
		return put(path, target)
	})
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm()|0o200)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
