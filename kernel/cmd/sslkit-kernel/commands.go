package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	places "github.com/gossl/gossl/internal/place"
	"github.com/gossl/gossl/kernel/install/doctor"
	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/install/setup"
	"github.com/gossl/gossl/kernel/run"
)

// status is the process's exit status for an error.
func status(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errInterrupted):
		return 130
	case errors.Is(err, run.ErrKernel), errors.Is(err, doctor.ErrKernel):
		return 2
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode()
	}
	return 1
}

func setupCommand() *cobra.Command {
	var plan bool
	cmd := &cobra.Command{
		Use:   "setup",
		Short: "Install what is missing, below SSLKIT_HOME",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			h := home.Find()
			repo, err := checkout()
			if err != nil {
				return err
			}
			s := setup.New(h, repo)
			s.Plan = s.Plan || plan
			return s.Run(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&plan, "plan", false, "also what compiles programs for a GPU that is not there ("+places.PlanSize+")")
	return cmd
}

func execCommand() *cobra.Command {
	return &cobra.Command{
		Use:                "exec COMMAND [ARGUMENT...]",
		Short:              "Run a command in the environment that cells run in",
		Args:               cobra.MinimumNArgs(1),
		DisableFlagParsing: true,
		RunE: func(_ *cobra.Command, args []string) error {
			h := home.Find()
			env, err := h.Env()
			if err != nil {
				return err
			}
			env["GOWORK"] = "off"
			return become(home.Environ(env), args...)
		},
	}
}

// become turns this process into another program.
func become(environ []string, command ...string) error {
	program, err := exec.LookPath(command[0])
	if err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", program, syscall.Exec(program, command, environ))
}

// module is the first line of the checkout's go.mod.
const module = "module github.com/gossl/gossl\n"

// checkout returns the root of the checkout that holds the working directory, free of symbolic links.
func checkout() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	start := dir
	for {
		content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(content), module) {
			return filepath.EvalSymlinks(dir)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("%s is not in a checkout of sslkit: no directory above it has its go.mod", start)
		}
		dir = parent
	}
}
