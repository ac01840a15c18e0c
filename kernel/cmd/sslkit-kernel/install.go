package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/install/setup"
	"github.com/gossl/gossl/kernel/install/spec"
)

// place is where flags say that a kernelspec goes.
type place struct {
	user   bool
	prefix string
	name   string
	dryRun bool
}

func (p *place) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&p.user, "user", false, "in your own Jupyter data directory, for every Jupyter of yours")
	flags.StringVar(&p.prefix, "prefix", "", "below `DIR`: /usr/local for all users, or a virtual environment")
	flags.StringVar(&p.name, "name", spec.Name, "the kernel's `NAME` for Jupyter")
	flags.BoolVar(&p.dryRun, "dry-run", false, "only say what would be done")
}

// dir is the folder of the kernelspec.
func (p *place) dir(h home.Home) (string, error) {
	if err := spec.CheckName(p.name); err != nil {
		return "", fmt.Errorf("--name: %w; for example --name %s-dev", err, spec.Name)
	}
	kernels, err := filepath.Dir(h.KernelSpec()), error(nil)
	switch {
	case p.user && p.prefix != "":
		return "", errors.New("--user and --prefix are two places: want one of them, for example --user")
	case p.user:
		kernels, err = spec.UserDir()
	case p.prefix != "":
		kernels, err = spec.PrefixDir(p.prefix)
	}
	return filepath.Join(kernels, p.name), err
}

func installCommand() *cobra.Command {
	var p place
	install := &cobra.Command{
		Use:   "install",
		Short: "Write the kernelspec by which Jupyter finds the kernel; default: for the JupyterLab that set-up installed",
		Example: `  sslkit-kernel install --user
  sslkit-kernel install --prefix /usr/local --name sslkit-dev --dry-run`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h := home.Find()
			dir, err := p.dir(h)
			if err != nil {
				return err
			}
			repo, err := checkout()
			if err != nil {
				return err
			}
			return install(cmd.OutOrStdout(), h, repo, dir, p)
		},
	}
	p.addFlags(install)
	return install
}

func install(out io.Writer, h home.Home, repo, dir string, p place) error {
	if program := h.Bin(spec.Program); !p.dryRun {
		if _, err := os.Stat(program); err != nil {
			return fmt.Errorf("install: Jupyter would start %s: %w: run `make setup` in %s", program, err, repo)
		}
	}
	kernel, err := spec.New(h, repo, p.name)
	if err != nil {
		return err
	}
	written, err := kernel.Install(dir, p.dryRun)
	tell(out, "wrote", "would write", written, p.dryRun)
	if err == nil && len(written) == 0 {
		fmt.Fprintf(out, "up to date: %s\n", dir)
	}
	return err
}

func uninstallCommand() *cobra.Command {
	var p place
	uninstall := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove a kernelspec that install wrote, and nothing else",
		Example: `  sslkit-kernel uninstall --user
  sslkit-kernel uninstall --prefix /usr/local --name sslkit-dev --dry-run`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h := home.Find()
			dir, err := p.dir(h)
			if err != nil {
				return err
			}
			removed, err := spec.Uninstall(dir, p.dryRun)
			tell(cmd.OutOrStdout(), "removed", "would remove", removed, p.dryRun)
			return err
		},
	}
	p.addFlags(uninstall)
	return uninstall
}

func tell(out io.Writer, did, would string, paths []string, dryRun bool) {
	if dryRun {
		did = would
	}
	for _, path := range paths {
		fmt.Fprintln(out, did, path)
	}
}

func warmCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "warm",
		Short: "Compile what notebooks import, so that no cell waits for it, and time the build of a changed cell",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h := home.Find()
			repo, err := checkout()
			if err != nil {
				return err
			}
			build, err := setup.New(h, repo).Warm(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "A changed cell that imports the whole library is built in %.2f s\n", build.Time.Seconds())
			return nil
		},
	}
}
