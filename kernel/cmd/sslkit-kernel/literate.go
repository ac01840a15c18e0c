package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/internal/atomicfile"
	"github.com/gossl/gossl/kernel/install/spec"
	"github.com/gossl/gossl/kernel/notebook"
)

func notebookCommand() *cobra.Command {
	var check bool
	nb := &cobra.Command{
		Use:   "nb [--check] DIR|FILE.go|FILE.ipynb...",
		Short: "Make notebooks from literate Go sources, or a source from a notebook: DIR/NAME/NAME.go and DIR/NAME.ipynb",
		Example: "  sslkit-kernel nb notebooks              # every notebooks/NAME.ipynb from notebooks/NAME/NAME.go\n" +
			"  sslkit-kernel nb notebooks/tour.ipynb   # notebooks/tour/tour.go from the notebook",
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			var sources []string
			var errs []error
			for _, arg := range args {
				if strings.HasSuffix(arg, ".ipynb") {
					errs = append(errs, makeSource(arg, check))
				} else {
					sources = append(sources, arg)
				}
			}
			literate, err := literateSources(sources)
			for _, source := range literate {
				errs = append(errs, makeNotebook(source, check))
			}
			return errors.Join(append(errs, err)...)
		},
	}
	nb.Flags().BoolVar(&check, "check", false, "write nothing, fail if a notebook and its source differ")
	return nb
}

// literateSources lists the literate sources that arguments name: files, and folders in which, at any depth, a folder
// NAME holds NAME.go.
func literateSources(args []string) ([]string, error) {
	var sources []string
	for _, arg := range args {
		if strings.HasSuffix(arg, ".go") {
			sources = append(sources, arg)
			continue
		}
		before := len(sources)
		err := filepath.WalkDir(arg, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			dir, err := filepath.Abs(filepath.Dir(name))
			if !entry.IsDir() && entry.Name() == filepath.Base(dir)+".go" {
				sources = append(sources, name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if len(sources) == before {
			return nil, fmt.Errorf("%s: no literate source, want NAME/NAME.go in it", arg)
		}
	}
	return sources, nil
}

// makeNotebook writes the notebook of a literate source, or checks that it is the one that stands there.
func makeNotebook(source string, check bool) error {
	content, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	cells, err := notebook.Literate(source, content)
	if err != nil {
		return err
	}
	want, err := notebook.New(spec.Name, spec.Display, spec.Language, cells).Encode()
	if err != nil {
		return fmt.Errorf("%s: %w", source, err)
	}
	file := filepath.Dir(source) + ".ipynb"
	have, err := os.ReadFile(file)
	switch {
	case err == nil && bytes.Equal(have, want):
		return nil
	case check:
		return fmt.Errorf("%s is not what %s makes; write it anew with: go run ./kernel/cmd/sslkit-kernel nb %s", file, source, source)
	}
	if err := atomicfile.Write(file, want); err != nil {
		return err
	}
	fmt.Println("Wrote", file)
	return nil
}

// makeSource writes the literate source of a notebook, or checks that the one that stands there makes the notebook.
// It never overwrites a source that differs.
func makeSource(file string, check bool) error {
	n, err := notebook.Read(file)
	if err != nil {
		return err
	}
	want, err := notebook.Source(n.Cells)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	name := strings.TrimSuffix(filepath.Base(file), ".ipynb")
	source := filepath.Join(filepath.Dir(file), name, name+".go")
	have, err := os.ReadFile(source)
	switch {
	case err == nil && sameCells(source, have, n.Cells):
		return nil
	case err == nil:
		return fmt.Errorf("%s is there and makes another notebook than %s: move it away first", source, file)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case check:
		return fmt.Errorf("%s has no source %s; write it with: go run ./kernel/cmd/sslkit-kernel nb %s", file, source, file)
	}
	if err := os.MkdirAll(filepath.Dir(source), 0o755); err != nil {
		return err
	}
	if err := atomicfile.Write(source, want); err != nil {
		return err
	}
	fmt.Println("Wrote", source)
	return nil
}

// sameCells says whether a source makes cells with the texts of others.
func sameCells(name string, source []byte, cells []notebook.Cell) bool {
	made, err := notebook.Literate(name, source)
	return err == nil && slices.EqualFunc(made, cells, func(a, b notebook.Cell) bool {
		return a.Type == b.Type && a.Source == b.Source && slices.Equal(a.Tags, b.Tags)
	})
}
