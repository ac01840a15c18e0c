package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/gossl/gossl/kernel/gonb/lines"
	"github.com/gossl/gossl/kernel/launch"
)

// annotate names the cells' lines in the files that GoNB is about to have built.
func annotate(dir string) error {
	index, err := lines.Load(os.Getenv(launch.CellsVar))
	if err != nil {
		return err
	}
	for _, name := range []string{"main.go", "main_test.go"} {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, lines.AnnotateFile(name, text, index), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// number has a cell's program name the cells by their numbers.
func number(program string) error {
	index, err := lines.Load(os.Getenv(launch.CellsVar))
	if err != nil {
		return err
	}
	return lines.Number(program, index)
}
