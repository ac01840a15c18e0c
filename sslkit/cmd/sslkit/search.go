package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/pretrained"
)

// A query is the image whose neighbours are wanted.
type query struct {
	what   string // the file or number that the user gave
	images string // folder to look for the file in
	run    string // what embeds a file that has no feature yet
	kind   string // device that does
}

func newSearch() *cobra.Command {
	var q query
	var k int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "search EMBEDDINGS --query FILE|INDEX",
		Short: "List the images most similar to one of them, or to another picture",
		Long: `Lists the images whose features are most similar to that of a query, by cosine similarity; the query itself is left
out.

The query is a file as EMBEDDINGS names it, the end of such a name, or the number of a row, from 0. With --run, a file
on the disk comes before names: it is embedded by what RUN has learnt, which must be what made EMBEDDINGS.`,
		Example: `  sslkit search photos.parquet --query cats/tom.jpg
  sslkit search photos.parquet --query 17 -k 30 --json
  sslkit search photos.parquet --query new.jpg --run runs/first`,
		Args: oneFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case q.what == "":
				return withExample(cmd, errors.New("--query is missing: want a file, or the number of a row"))
			case k < 1:
				return withExample(cmd, fmt.Errorf("-k %d: want at least 1", k))
			}
			if err := checkDevice(q.kind); err != nil {
				return withExample(cmd, err)
			}
			return search(cmd, args[0], q, k, asJSON)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&q.what, "query", "q", "", "file of an image, or its row")
	flags.IntVarP(&k, "neighbours", "k", 10, "how many images to list")
	flags.StringVar(&q.images, "images", "", "folder that the query's path may start from")
	flags.StringVar(&q.run, "run", "", "run folder or weights that embed a picture that has no feature yet")
	flags.StringVar(&q.kind, "device", string(device.Auto), "where to embed it: auto, cuda, cpu or go")
	flags.BoolVar(&asJSON, "json", false, "print an array of the images")
	return cmd
}

func search(cmd *cobra.Command, path string, q query, k int, asJSON bool) error {
	s, x, err := open(path)
	if err != nil {
		return err
	}
	image, note, err := q.find(s)
	if err != nil {
		return withExample(cmd, err)
	}
	if note != "" {
		fmt.Fprintln(cmd.ErrOrStderr(), "sslkit:", note)
	}
	asked := printable(q.what)
	var feature []float32
	if image >= 0 {
		asked, feature = newRecord(s, image).name(), s.Row(image)
	} else if feature, err = q.embed(cmd, path, s); err != nil {
		return err
	}
	neighbours, err := x.Nearest(feature, k+1) // one may be the query itself
	if err != nil {
		return err
	}
	neighbours = slices.DeleteFunc(neighbours, func(n embedding.Neighbour) bool { return n.Image == image })
	found := newRecords(s, neighbours[:min(k, len(neighbours))])
	if asJSON {
		return printJSON(cmd.OutOrStdout(), found)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "sslkit: most similar to %s:\n", asked)
	rows := make([][]string, len(found))
	for i, r := range found {
		rows[i] = r.cells("")
	}
	return printTable(cmd.OutOrStdout(), recordTitles, rows)
}

// embed returns the feature of a picture that is not in the set.
func (q query) embed(cmd *cobra.Command, path string, s *embedding.Set) ([]float32, error) {
	if q.run == "" {
		return nil, withExample(cmd, fmt.Errorf("--query %s: it is not among the %d images of %s; "+
			"to embed another picture, say with --run what made the features", q.what, s.Len(), path))
	}
	file := q.what
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) && q.images != "" {
		file = filepath.Join(q.images, file)
	}
	images, err := dataset.File(file)
	if err != nil {
		return nil, fmt.Errorf("--query %s: %w", q.what, err)
	}
	model, err := pretrained.Load(q.run)
	if err != nil {
		return nil, fmt.Errorf("--run %s: %w", q.run, err)
	}
	if err := q.checkRun(cmd, path, s, model); err != nil {
		return nil, err
	}
	one, err := model.Embed(cmd.Context(), device.Kind(q.kind), images)
	if err != nil {
		return nil, err
	}
	if one.Dim != s.Dim {
		return nil, fmt.Errorf("--run %s: it makes features of %d numbers, but those of %s have %d: another network made them",
			q.run, one.Dim, path, s.Dim)
	}
	return one.Row(0), nil
}

// checkRun returns an error if other features than the model's are in the file.
func (q query) checkRun(cmd *cobra.Command, path string, s *embedding.Set, model *pretrained.Model) error {
	if s.Origin == nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "sslkit: %s does not say what made its features: whether it was %s is not checked\n", path, q.run)
		return nil
	}
	origin, err := model.FeaturesOrigin()
	if err != nil {
		return fmt.Errorf("--run %s: %w", q.run, err)
	}
	if err := s.Origin.Match(origin); err != nil {
		return fmt.Errorf("--run %s is not what made the features of %s: %w", q.run, path, err)
	}
	return nil
}
