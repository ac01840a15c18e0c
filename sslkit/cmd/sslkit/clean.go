package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
)

func newDuplicates() *cobra.Command {
	var similarity float32
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "duplicates EMBEDDINGS",
		Short: "List groups of images that are nearly the same",
		Long: `Lists groups of images that are nearly the same: one to keep, and others whose features are at least so similar to its
own. If the others go, no two images are left that are so similar. The similarity at which pictures look the same
depends on the network: look at some groups, and try others.`,
		Example: `  sslkit duplicates photos.parquet
  sslkit duplicates photos.parquet --similarity 0.995
  sslkit duplicates photos.parquet --json | jq -r '.[].others[].file'`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !(similarity > 0 && similarity <= 1) {
				return withExample(cmd, fmt.Errorf("--similarity %g: want above 0 and at most 1", similarity))
			}
			return duplicates(cmd, args[0], similarity, asJSON)
		},
	}
	cmd.Flags().Float32Var(&similarity, "similarity", 0.98, "least cosine similarity with the image that is kept")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an array of the groups")
	return cmd
}

func duplicates(cmd *cobra.Command, path string, similarity float32, asJSON bool) error {
	s, x, err := open(path)
	if err != nil {
		return err
	}
	found, err := x.Duplicates(cmd.Context(), similarity)
	if err != nil {
		return err
	}
	type group struct {
		Keep   record   `json:"keep"`
		Others []record `json:"others"`
	}
	groups := make([]group, len(found))
	var rows [][]string
	others := 0
	for i, g := range found {
		groups[i] = group{newRecord(s, g.Keep), newRecords(s, g.Others)}
		others += len(g.Others)
		number := strconv.Itoa(i + 1)
		rows = append(rows, append([]string{number}, groups[i].Keep.cells("keep")...))
		for _, r := range groups[i].Others {
			rows = append(rows, append([]string{number}, r.cells("")...))
		}
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), groups)
	}
	if len(groups) == 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "sslkit: no two of %d images have similarity %g\n", s.Len(), similarity)
		return nil
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "sslkit: groups: %d; images with similarity %g or more to one that is kept: %d of %d\n",
		len(groups), similarity, others, s.Len())
	return printTable(cmd.OutOrStdout(), append([]string{"group"}, recordTitles...), rows)
}

func newOutliers() *cobra.Command {
	var n, k int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "outliers EMBEDDINGS",
		Short: "List the images that are least like any others",
		Long: `Lists the images that are least like any others, the oddest first: those with the lowest mean similarity to their
nearest neighbours. Pictures that do not belong there are often among them; so are rare ones that do.`,
		Example: `  sslkit outliers photos.parquet
  sslkit outliers photos.parquet -n 100 -k 5 --json`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case n < 1:
				return withExample(cmd, fmt.Errorf("-n %d: want at least 1", n))
			case k < 1:
				return withExample(cmd, fmt.Errorf("-k %d: want at least 1", k))
			}
			return outliers(cmd, args[0], n, k, asJSON)
		},
	}
	cmd.Flags().IntVarP(&n, "number", "n", 20, "how many images to list")
	cmd.Flags().IntVarP(&k, "neighbours", "k", 10, "neighbours whose similarity counts")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an array of the images")
	return cmd
}

func outliers(cmd *cobra.Command, path string, n, k int, asJSON bool) error {
	s, x, err := open(path)
	if err != nil {
		return err
	}
	if others := s.Len() - 1; k > others {
		fmt.Fprintf(cmd.ErrOrStderr(), "sslkit: -k %d: there are %d other images, and all of them count\n", k, others)
	}
	found, err := x.Outliers(cmd.Context(), k)
	if err != nil {
		return err
	}
	found = found[:min(n, len(found))]
	records := make([]record, len(found))
	rows := make([][]string, len(found))
	for i, o := range found {
		records[i] = newRecord(s, o.Image)
		records[i].Similarity = &o.Similarity
		rows[i] = records[i].cells("")
	}
	if asJSON {
		return printJSON(cmd.OutOrStdout(), records)
	}
	return printTable(cmd.OutOrStdout(), recordTitles, rows)
}
