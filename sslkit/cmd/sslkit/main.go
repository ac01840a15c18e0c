// Command sslkit embeds images with what a run has learnt, answers what one asks
// of their features (what is alike, there twice or out of place), carries the
// weights to other tools and back, and plans what a run would need on a GPU.
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

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newRoot().ExecuteContext(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "sslkit: interrupted")
		os.Exit(130)
	case err != nil:
		fmt.Fprintln(os.Stderr, "sslkit:", err)
		os.Exit(1)
	}
	stop()
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "sslkit",
		Short: "Embeds images with what a run has learnt, and takes the weights to other tools",
		Long: `Embeds images with what a run has learnt, and takes the weights to other tools.

embed writes the features of images to a file, which search, duplicates, outliers, map and measure read. export and import write and
read weights. plan says what a training run would need on a GPU. Results go to standard output, as tables or, with --json,
for programs; progress goes to standard error.`,
		Example: `  sslkit embed runs/first --images photos --out photos.parquet
  sslkit search photos.parquet --query cats/tom.jpg
  sslkit duplicates photos.parquet
  sslkit outliers photos.parquet -n 50
  sslkit map photos.parquet --method tsne --out map.csv
  sslkit measure train.parquet --test test.parquet
  sslkit export runs/first --out model.onnx`,
		PersistentPreRunE: expandHome,

		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if cmd.Example == "" {
			return err
		}
		return withExample(cmd, err)
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newEmbed(), newSearch(), newDuplicates(), newOutliers(), newMap(), newMeasure(), newExport(), newImport(), newInfo(), newPlan())
	return root
}

// withExample adds to an error how the command is used.
func withExample(cmd *cobra.Command, err error) error {
	return fmt.Errorf("%w; for example:\n%s", err, cmd.Example)
}

// oneFile wants one argument, a file of features.
func oneFile(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return withExample(cmd, errors.New("EMBEDDINGS is missing: want a file that sslkit embed has written"))
	case 1:
		return nil
	}
	return withExample(cmd, fmt.Errorf("%d arguments, want one: a file that sslkit embed has written", len(args)))
}
