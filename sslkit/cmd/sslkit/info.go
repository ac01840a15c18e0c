package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
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
		{"network", network(m.Network)},
		{"parameters", fmt.Sprint(m.Parameters())},
		{"features", fmt.Sprint(m.Backbone.Features())},
		{"images", fmt.Sprintf("%d×%d pixels; mean %g, standard deviation %g", m.Size, m.Size, m.Mean, m.Std)},
		{"precision", string(m.Precision)},
		{"weights", origin(m.Origin)},
	} {
		fmt.Fprintf(table, "%s\t%s\n", line[0], line[1])
	}
	return table.Flush()
}

// network describes a backbone in one line.
func network(n pretrained.Network) string {
	b := n.Backbone
	convolutions := 2
	for _, count := range b.Blocks {
		convolutions += 2 * count
	}
	parts := []string{fmt.Sprintf("ResNet-%d of width %d, blocks %d", convolutions, b.Width, b.Blocks)}
	if b.LargeStem {
		parts = append(parts, "7×7 stem with max pool")
	} else {
		parts = append(parts, "3×3 stem")
	}
	if !b.StemReLU {
		parts = append(parts, "no ReLU behind it")
	}
	if b.FinalConv {
		parts = append(parts, "a 1×1 convolution at the end")
	}
	return strings.Join(parts, ", ")
}

// origin says in one line where weights come from.
func origin(o pretrained.Origin) string {
	if o.File != "" {
		return "of the file " + o.File
	}
	if o.Method == "" {
		return "of unknown origin"
	}
	from := fmt.Sprintf("%s on %d images of %s", o.Method, o.Images, cmp.Or(string(o.Data), "an unknown set"))
	if o.Preset != "" {
		from += fmt.Sprintf(", preset %s", o.Preset)
	}
	if o.Epochs == 0 && o.Steps == 0 {
		return "before training by " + from
	}
	from += fmt.Sprintf(", %d epoch", o.Epochs)
	if o.Epochs != 1 {
		from += "s"
	}
	if o.Steps > 0 {
		from += fmt.Sprintf(" and %d steps", o.Steps)
	}
	return "by " + from
}
