package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/store"
)

// measures says what is to be measured of features.
type measures struct {
	test   string // file of test images' features; "": ranks only
	grid   eval.Grid
	linear bool
	kind   string
}

func newMeasure() *cobra.Command {
	m := measures{grid: eval.DefaultGrid()}
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "measure EMBEDDINGS [--test EMBEDDINGS]",
		Short: "Say how good features are: ranks, kNN accuracy, a linear probe",
		Long: `Says how good features are. RankMe and effective rank, which need no classes, count the directions that features use,
and those in which images differ. With the features of test images, the classes of these are found out by what the
others are: by the vote of the nearest neighbours, for each k and each temperature, and with --linear by a linear probe,
which takes a minute.`,
		Example: `  sslkit measure train.parquet
  sslkit measure train.parquet --test test.parquet --linear
  sslkit measure train.parquet --test test.parquet -k 1,20,200 --temperature 0.07,0.1 --json`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := m.check(cmd); err != nil {
				return withExample(cmd, err)
			}
			return m.run(cmd, args[0], asJSON)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&m.test, "test", "", "file of features of test images, with classes")
	flags.IntSliceVarP(&m.grid.K, "neighbours", "k", m.grid.K, "how many neighbours vote")
	flags.Float64SliceVar(&m.grid.Temperature, "temperature", m.grid.Temperature, "of the votes")
	flags.BoolVar(&m.linear, "linear", false, "fit a linear probe, too")
	flags.StringVar(&m.kind, "device", string(device.Auto), "auto, cuda, cpu or go")
	flags.BoolVar(&asJSON, "json", false, "print an object with the numbers")
	return cmd
}

// check returns an error that names the flag that makes no sense.
func (m measures) check(cmd *cobra.Command) error {
	if err := checkDevice(m.kind); err != nil {
		return err
	}
	for _, flag := range []string{"neighbours", "temperature", "linear"} {
		if cmd.Flags().Changed(flag) && m.test == "" {
			return fmt.Errorf("--%s: --test is missing: want a file of features of test images", flag)
		}
	}
	return m.grid.Validate()
}

func (m measures) run(cmd *cobra.Command, path string, asJSON bool) error {
	train, err := store.Read(path)
	if err != nil {
		return err
	}
	var measured eval.Measured
	if measured.RankMe, measured.EffectiveRank, err = eval.Ranks(train); err != nil {
		return err
	}
	if m.test != "" {
		if err := m.classify(cmd, train, &measured); err != nil {
			return err
		}
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), measured)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "sslkit: %d features of %d images\n", train.Dim, train.Len())
	_, err = fmt.Fprintln(cmd.OutOrStdout(), measured)
	return err
}

// classify measures how well the classes of test images are found out.
func (m measures) classify(cmd *cobra.Command, train *embedding.Set, measured *eval.Measured) error {
	test, err := store.Read(m.test)
	if err != nil {
		return fmt.Errorf("--test: %w", err)
	}
	if !cmd.Flags().Changed("neighbours") {
		m.grid = m.grid.UpTo(train.Len())
	}
	kind := device.Kind(m.kind)
	if measured.KNN, err = m.grid.Scores(cmd.Context(), kind, train, test); err != nil || !m.linear {
		return err
	}
	measured.Linear, err = eval.DefaultLinear().Accuracy(cmd.Context(), kind, train, test)
	return err
}
