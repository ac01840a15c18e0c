package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

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

// find returns the image of the set that the query names, or -1 if it names a file
// on the disk, or nothing. Where it could be two things, the note says which it is
// and how the other is called.
func (q query) find(s *embedding.Set) (image int, note string, err error) {
	row, same := q.named(s)
	_, statErr := os.Stat(q.what)
	onDisk := statErr == nil && !same
	what := printable(q.what)
	switch {
	case row >= 0 && !onDisk:
		return row, "", nil
	case row >= 0 && q.run != "":
		return -1, fmt.Sprintf("--query %s is the file on the disk; the image of that name in the features is --query %d", what, row), nil
	case row >= 0:
		return row, fmt.Sprintf("--query %s is the image of that name in the features; with --run it is the file on the disk", what), nil
	}
	if i, err := strconv.Atoi(q.what); err == nil {
		if i < 0 || i >= s.Len() {
			return 0, "", fmt.Errorf("--query %d: want 0 to %d, for there are %d images", i, s.Len()-1, s.Len())
		}
		if onDisk {
			note = fmt.Sprintf("--query %d is row %d; the file on the disk is ./%d", i, i, i)
		}
		return i, note, nil
	}
	ends := q.ends(s)
	if !onDisk {
		return q.oneOf(s, ends)
	}
	if len(ends) == 0 {
		return -1, "", nil
	}
	other := fmt.Sprintf("the image %s in the features is --query %d", printable(s.Files[ends[0]]), ends[0])
	if q.run == "" {
		return 0, "", fmt.Errorf("--query %s is a file on the disk, which takes --run to embed; %s", what, other)
	}
	return -1, fmt.Sprintf("--query %s is the file on the disk; %s", what, other), nil
}

// named is the image whose name the query is, or -1. It is the same file for sure
// where its path leads through the folder that the names start from.
func (q query) named(s *embedding.Set) (image int, same bool) {
	if q.images != "" {
		below, err := filepath.Rel(q.images, q.what)
		if i := slices.Index(s.Files, filepath.ToSlash(below)); err == nil && i >= 0 {
			return i, true
		}
	}
	for _, name := range []string{q.what, filepath.ToSlash(filepath.Clean(q.what))} {
		if i := slices.Index(s.Files, name); i >= 0 {
			return i, false
		}
	}
	return -1, false
}

// ends are the images whose names end with the query.
func (q query) ends(s *embedding.Set) []int {
	var ends []int
	for i, file := range s.Files {
		if strings.HasSuffix(file, "/"+filepath.ToSlash(filepath.Clean(q.what))) {
			ends = append(ends, i)
		}
	}
	return ends
}

// oneOf is the one image whose name ends with the query, or -1.
func (q query) oneOf(s *embedding.Set, ends []int) (image int, note string, err error) {
	switch len(ends) {
	case 0:
		return -1, "", nil
	case 1:
		return ends[0], "", nil
	}
	return 0, "", fmt.Errorf("--query %s: %d files end so, among them %s and %s: say more of the path",
		q.what, len(ends), printable(s.Files[ends[0]]), printable(s.Files[ends[1]]))
}
