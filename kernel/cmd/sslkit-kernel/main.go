// Command sslkit-kernel sets sslkit up, runs its notebooks and opens them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/kernel/launch"
)

// errInterrupted is why work stopped when a person or the system asked for it.
var errInterrupted = errors.New("interrupted")

func main() {
	playPart(os.Args)
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-signals
		cancel(errInterrupted)
	}()
	err := command().ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "sslkit-kernel:", err)
	}
	os.Exit(status(err))
}

// playPart is this program under another name: what GoNB takes for the go
// command, for gopls, or for a cell's program. It returns for none of these.
func playPart(args []string) {
	switch name := filepath.Base(args[0]); {
	case name == "go":
		os.Exit(launch.Go(args[1:]))
	case name == "gopls":
		os.Exit(launch.Gopls(args[1:]))
	case name == launch.GuardName && len(args) > 1:
		os.Exit(launch.Guard(args[1:]))
	case launch.IsCell(args[0]):
		os.Exit(launch.Cell(args[0], args[1:]))
	}
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "sslkit-kernel",
		Short:         "Sets sslkit up, runs its notebooks and opens them",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if cmd.Example == "" {
			return fmt.Errorf("%w; %s --help lists the flags", err, cmd.CommandPath())
		}
		return fmt.Errorf("%w; for example:\n%s", err, cmd.Example)
	})
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(setupCommand(), launchCommand(),
		installCommand(), uninstallCommand(), warmCommand(), doctorCommand(), runCommand(), labCommand(), notebookCommand(), testCommand(), eventsCommand(), execCommand(), bundleCommand())
	return root
}

// version is that of this module, or the commit that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value[:min(12, len(setting.Value))]
		}
	}
	return info.Main.Version
}
