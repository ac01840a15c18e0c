package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/kernel/execute"
	"github.com/gossl/gossl/kernel/home"
	"github.com/gossl/gossl/kernel/notebook"
	"github.com/gossl/gossl/kernel/spec"
)

func runCommand() *cobra.Command {
	var o execute.Options
	run := &cobra.Command{
		Use:   "run NOTEBOOK.ipynb [-o EXECUTED.ipynb] [-p NAME=VALUE]...",
		Short: "Execute a notebook through the kernel; exit status 1: a cell failed, 2: the kernel does not start",
		Example: `  sslkit-kernel run quickstart.ipynb -o executed.ipynb
  sslkit-kernel run quickstart.ipynb -p epochs=1 --junit report.xml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := home.Find()
			if err != nil {
				return err
			}
			o.Notebook = args[0]
			return execute.Run(cmd.Context(), h, o, os.Stdout)
		},
	}
	flags := run.Flags()
	flags.StringVarP(&o.Output, "output", "o", "", "write the executed notebook here")
	flags.StringVar(&o.HTML, "html", "", "write the executed notebook as a page here")
	flags.StringVar(&o.JUnit, "junit", "", "write what became of each cell here, as a JUnit report")
	flags.StringVar(&o.Dir, "dir", "", "the folder in which the cells run (default the notebook's)")
	flags.StringArrayVarP(&o.Params, "param", "p", nil,
		"`NAME=VALUE`: another value for a variable or constant of a cell with the tag \""+execute.ParametersTag+"\"; a string needs no quotes")
	flags.DurationVar(&o.CellTimeout, "cell-timeout", 20*time.Minute, "the longest a cell may take; 0: any time")
	flags.DurationVar(&o.Timeout, "timeout", 0, "the longest all cells together may take (default any time)")
	flags.BoolVar(&o.AllowErrors, "allow-errors", false, "go on after a cell that fails; the exit status is 0 then")
	return run
}

func labCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "lab [DIR] [ARGUMENT...]",
		Short:              "Open JupyterLab; arguments behind the directory are JupyterLab's own",
		DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error {
			h, err := home.Find()
			if err != nil {
				return err
			}
			lab := []string{h.Python(), "-m", "jupyterlab", "--MultiKernelManager.default_kernel_name=" + spec.Name}
			if os.Geteuid() == 0 { // in a container
				lab = append(lab, "--allow-root")
			}
			return become(h.JupyterEnv(), append(lab, args...)...)
		},
	}
}

func notebookCommand() *cobra.Command {
	var check bool
	nb := &cobra.Command{
		Use:   "nb [--check] DIR|FILE.go...",
		Short: "Make notebooks from literate Go sources: DIR/NAME/NAME.go becomes DIR/NAME.ipynb",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			sources, err := literateSources(args)
			if err != nil {
				return err
			}
			var errs []error
			for _, source := range sources {
				errs = append(errs, makeNotebook(source, check))
			}
			return errors.Join(errs...)
		},
	}
	nb.Flags().BoolVar(&check, "check", false, "write nothing, fail if a notebook differs from its source")
	return nb
}

// literateSources lists the literate sources that arguments name: files, folders NAME that hold NAME.go, and folders of
// such folders.
func literateSources(args []string) ([]string, error) {
	var sources []string
	for _, arg := range args {
		if strings.HasSuffix(arg, ".go") {
			sources = append(sources, arg)
			continue
		}
		dir, err := filepath.Abs(arg)
		if err != nil {
			return nil, err
		}
		found, _ := filepath.Glob(filepath.Join(arg, filepath.Base(dir)+".go"))
		nested, _ := filepath.Glob(filepath.Join(arg, "*", "*.go"))
		for _, name := range nested {
			if strings.TrimSuffix(filepath.Base(name), ".go") == filepath.Base(filepath.Dir(name)) {
				found = append(found, name)
			}
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: no literate source, want NAME/NAME.go in it", arg)
		}
		sources = append(sources, found...)
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
		return fmt.Errorf("%s is not what %s makes; write it anew with: go run ./kernel nb %s", file, source, source)
	}
	if err := home.WriteFile(file, want); err != nil {
		return err
	}
	fmt.Println("Wrote", file)
	return nil
}
