package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/gossl/gossl/sslkit/pretrained"
	"github.com/spf13/cobra"
)

func newInfo() *cobra.Command {
	return &cobra.Command{
		Use:     "info RUN",
		Short:   "Say what a run's backbone or a weights file is",
		Example: "  sslkit info runs/first\n  sslkit info model.safetensors",
		Args:    oneModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			model, err := pretrained.Load(args[0])
			if err != nil {
				return err
			}
			notes(cmd.ErrOrStderr(), model)
			return describe(cmd.OutOrStdout(), model)
		},
	}
}

// describe writes what is known of a model, a line for each thing.
func describe(to io.Writer, m *pretrained.Model) error {
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, line := range [][2]string{
		{"network", m.Network.Describe()},
		{"parameters", fmt.Sprint(m.Parameters())},
		{"features", fmt.Sprint(m.Backbone.Features())},
		{"images", fmt.Sprintf("%d×%d pixels; mean %g, standard deviation %g", m.Size, m.Size, m.Mean, m.Std)},
		{"precision", string(m.Precision)},
		{"weights", m.Origin.Describe()},
	} {
		fmt.Fprintf(table, "%s\t%s\n", line[0], line[1])
	}
	return table.Flush()
}
