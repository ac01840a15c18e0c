package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/internal/atomicfile"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/show"
	"github.com/gossl/gossl/sslkit/store"
)

func newMap() *cobra.Command {
	var method, out string
	var opts embedding.TSNEOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "map EMBEDDINGS",
		Short: "Give each image a place in the plane, by PCA or t-SNE",
		Long: `Gives each image a place in the plane, and prints a table in CSV with the columns file, label, class, x and y, or draws
a picture with a colour for each class: the end of FILE's name says which.

PCA shows the directions in which features vary most; it takes seconds. t-SNE keeps similar images together, which shows
groups; it takes minutes for 10,000 images, and distances between groups mean little.`,
		Example: `  sslkit map photos.parquet --out map.csv
  sslkit map photos.parquet --method tsne --out map.png
  sslkit map photos.parquet --method tsne --perplexity 50 --out map.csv`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkMap(cmd, method, out, opts, asJSON); err != nil {
				return withExample(cmd, err)
			}
			s, err := store.Read(args[0])
			if err != nil {
				return err
			}
			m, err := drawMap(cmd, s, method, opts)
			if err != nil {
				return err
			}
			return writeMap(cmd, s, m, out, asJSON)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&method, "method", "pca", "pca or tsne")
	flags.StringVarP(&out, "out", "o", "", "file to write: *.csv, *.png or *.svg (default: a table on standard output)")
	flags.Float64Var(&opts.Perplexity, "perplexity", 0, "of t-SNE: how many neighbours an image should keep (default 30, less for few images)")
	flags.IntVar(&opts.Iterations, "iterations", 0, "of t-SNE (default 1000)")
	flags.BoolVar(&asJSON, "json", false, "print an object with the points, and how good the map is")
	return cmd
}

// checkMap returns an error that names the flag that makes no sense.
func checkMap(cmd *cobra.Command, method, out string, opts embedding.TSNEOptions, asJSON bool) error {
	if method != "pca" && method != "tsne" {
		return fmt.Errorf("--method %s: want pca or tsne", method)
	}
	for _, flag := range []string{"perplexity", "iterations"} {
		if cmd.Flags().Changed(flag) && method != "tsne" {
			return fmt.Errorf("--%s is for --method tsne only", flag)
		}
	}
	switch {
	case cmd.Flags().Changed("perplexity") && !(opts.Perplexity >= 1):
		return fmt.Errorf("--perplexity %g: want at least 1", opts.Perplexity)
	case cmd.Flags().Changed("iterations") && opts.Iterations < 1:
		return fmt.Errorf("--iterations %d: want at least 1", opts.Iterations)
	case out != "" && !slices.Contains([]string{".csv", ".png", ".svg"}, filepath.Ext(out)):
		return fmt.Errorf("--out %s: want a name that ends in .csv, .png or .svg", out)
	case out != "" && asJSON:
		return errors.New("--json is for standard output: leave --out away")
	}
	if out == "" {
		return nil
	}
	if _, err := os.Stat(filepath.Dir(out)); err != nil { // before minutes of t-SNE
		return fmt.Errorf("--out %s: %w", out, err)
	}
	return nil
}

// drawMap makes the map, and says how good it is.
func drawMap(cmd *cobra.Command, s *embedding.Set, method string, opts embedding.TSNEOptions) (*embedding.Map, error) {
	if method == "pca" {
		m, err := embedding.PCA(s, 2)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "sslkit: the axes show %.1f %% and %.1f %% of the variance\n", 100*m.Explained[0], 100*m.Explained[1])
		return m, nil
	}
	report := show.Count()
	opts.Progress = func(done, total int) { report("t-SNE", int64(done), int64(total)) }
	m, err := embedding.TSNE(cmd.Context(), s, opts)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "sslkit: divergence %.3f\n", m.Divergence)
	return m, nil
}

// A point is an image on a map as programs read it.
type point struct {
	record
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

func writeMap(cmd *cobra.Command, s *embedding.Set, m *embedding.Map, out string, asJSON bool) error {
	if asJSON {
		points := make([]point, s.Len())
		for i, p := range m.Points {
			points[i] = point{newRecord(s, i), p[0], p[1]}
		}
		return printJSON(cmd.OutOrStdout(), struct {
			Explained  []float64 `json:"explained,omitempty"`
			Divergence float64   `json:"divergence,omitempty"`
			Points     []point   `json:"points"`
		}{m.Explained, m.Divergence, points})
	}
	if filepath.Ext(out) == ".png" || filepath.Ext(out) == ".svg" {
		if err := show.Map(m.Points, s.Labels, classNames(s)).Save(out); err != nil {
			return fmt.Errorf("--out %s: %w", out, err)
		}
		return nil
	}
	text, err := mapCSV(s, m)
	if err != nil {
		return err
	}
	if out == "" {
		_, err := cmd.OutOrStdout().Write(text)
		return err
	}
	if err := atomicfile.Write(out, text); err != nil {
		return fmt.Errorf("--out %s: %w", out, err)
	}
	return nil
}

// classNames are the names of all classes, for a legend.
func classNames(s *embedding.Set) []string {
	names := slices.Clone(s.Classes)
	for i, label := range s.Labels {
		for len(names) <= int(label) {
			names = append(names, strconv.Itoa(len(names)))
		}
		names[label] = s.Class(i)
	}
	return names
}

// mapCSV is the table of a map.
func mapCSV(s *embedding.Set, m *embedding.Map) ([]byte, error) {
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	rows := [][]string{{"file", "label", "class", "x", "y"}}
	for i, p := range m.Points {
		row := make([]string, 3, 5)
		if s.Files != nil {
			row[0] = s.Files[i]
		}
		if s.Labels != nil {
			row[1] = strconv.Itoa(int(s.Labels[i]))
		}
		if s.Classes != nil {
			row[2] = s.Classes[s.Labels[i]]
		}
		for _, value := range p {
			row = append(row, strconv.FormatFloat(value, 'g', 6, 64))
		}
		rows = append(rows, row)
	}
	err := w.WriteAll(rows)
	return text.Bytes(), err
}
