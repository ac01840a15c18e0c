package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/install/spec"
	"github.com/gossl/gossl/kernel/run"
)

func runCommand() *cobra.Command {
	var o run.Options
	cmd := &cobra.Command{
		Use:   "run NOTEBOOK.ipynb [-o EXECUTED.ipynb] [-p NAME=VALUE]...",
		Short: "Execute a notebook through the kernel; exit status 1: a cell failed, 2: the kernel does not start",
		Example: `  sslkit-kernel run quickstart.ipynb -o executed.ipynb
  sslkit-kernel run quickstart.ipynb -p epochs=1 --junit report.xml`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			h := home.Find()
			o.Notebook = args[0]
			return run.Run(cmd.Context(), h, o, os.Stdout)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.Output, "output", "o", "", "write the executed notebook here")
	flags.StringVar(&o.HTML, "html", "", "write the executed notebook as a page here")
	flags.StringVar(&o.JUnit, "junit", "", "write what became of each cell here, as a JUnit report")
	flags.StringVar(&o.Dir, "dir", "", "the folder in which the cells run (default the notebook's)")
	flags.StringArrayVarP(&o.Params, "param", "p", nil,
		"`NAME=VALUE`: another value for a variable or constant of a cell with the tag \""+run.ParametersTag+"\"; a string needs no quotes")
	flags.DurationVar(&o.CellTimeout, "cell-timeout", 20*time.Minute, "the longest a cell may take; 0: any time")
	flags.DurationVar(&o.Timeout, "timeout", 0, "the longest all cells together may take (default any time)")
	flags.BoolVar(&o.AllowErrors, "allow-errors", false, "go on after a cell that fails; the exit status is 0 then")
	return cmd
}

func labCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "lab [DIR] [ARGUMENT...]",
		Short:              "Open JupyterLab; arguments behind the directory are JupyterLab's own",
		DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error {
			h := home.Find()
			lab := []string{h.Python(), "-I", "-m", "jupyterlab", "--MultiKernelManager.default_kernel_name=" + spec.Name}
			if os.Geteuid() == 0 { // in a container
				lab = append(lab, "--allow-root")
			}
			return become(home.Surroundings(h.JupyterEnv()), append(lab, args...)...)
		},
	}
}
