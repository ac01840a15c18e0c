package main

import (
	"context"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/kernel/front"
	"github.com/gossl/gossl/kernel/install/home"
)

func launchCommand() *cobra.Command {
	var goWork []string
	launch := &cobra.Command{
		Use:   "launch CONNECTION_FILE",
		Short: "Be the kernel of a connection file; Jupyter calls this",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			h := home.Find()
			if err := h.Settle(); err != nil {
				return err
			}
			// SIGINT is for the running cell, as in other kernels.
			ctx, stop := signal.NotifyContext(context.WithoutCancel(cmd.Context()), syscall.SIGTERM, syscall.SIGHUP)
			defer stop()
			return front.Run(ctx, args[0], front.Options{
				GoNB: h.Bin("gonb"), Gopls: h.Bin("gopls"), GoWork: goWork, Tools: entries(h.ToolEnv()), ModCache: h.UserModCache(),
				Temp: h.Temp(), Version: version(), Log: os.Stderr,
			})
		},
	}
	launch.Flags().StringSliceVar(&goWork, "go-work", nil, "folders of modules that cells can import whatever go.mod says")
	return launch
}

// entries is an environment as processes have it.
func entries(env map[string]string) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list = append(list, name+"="+env[name])
	}
	return list
}
