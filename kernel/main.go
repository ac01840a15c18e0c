// Command sslkit-kernel sets sslkit up, runs its notebooks and opens them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// errInterrupted is why work stopped when a person or the system asked for it.
var errInterrupted = errors.New("interrupted")

func main() {
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

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "sslkit-kernel",
		Short:         "Sets sslkit up, runs its notebooks and opens them",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(setupCommand(), runCommand(), labCommand(), notebookCommand(), testCommand(), execCommand())
	return root
}
