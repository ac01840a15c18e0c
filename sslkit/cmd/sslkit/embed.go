package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/internal/place"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/pretrained"
	"github.com/gossl/gossl/sslkit/show"
	"github.com/gossl/gossl/sslkit/store"
)

func newEmbed() *cobra.Command {
	var from source
	var out, kind string
	cmd := &cobra.Command{
		Use:   "embed RUN|WEIGHTS --images DIR|DATA --out FILE",
		Short: "Write the features of images to a file",
		Long: `Writes the features that a network gives to images, a row for each image, with its file and class.

RUN is the folder of a training run, WEIGHTS a .safetensors file. DIR is a folder with a folder of JPEG, PNG, WebP, GIF,
BMP or TIFF files for each class; one without folders is embedded without classes, and so are, with --unlabelled, all
images below DIR, whatever the folders there are called. DATA is one of cifar10, imagenette and shapes. The end of
FILE's name says its format:

  .parquet  a table with the columns file, label, class and feature, for pandas, pyarrow and polars
  .csv      a table with the columns file, label, class, f0, f1 and so on
  .npy      a NumPy array, and beside it FILE.json with files, labels and classes

Each says, too, what made the features and of which images: a table in CSV by a FILE.json beside it.`,
		Example: `  sslkit embed runs/first --images photos --out photos.parquet
  sslkit embed runs/first --images holiday --unlabelled --out holiday.parquet
  sslkit embed model.safetensors --images cifar10 --split test --out cifar10.npy`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return withExample(cmd, fmt.Errorf("%d arguments, want one: a run folder or a file of weights", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(from.check(), checkOut(out), checkDevice(kind)); err != nil {
				return withExample(cmd, err)
			}
			return embed(cmd, args[0], from, device.Kind(kind), out)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&from.images, "images", "", "folder of images, or cifar10, imagenette or shapes")
	flags.StringVar(&from.split, "split", "", "of a data set: train or test (default test)")
	flags.IntVar(&from.limit, "limit", 0, "read and embed the first ones only; 0: all")
	flags.IntVar(&from.shortSide, "short-side", 0, fmt.Sprintf("of a folder: shrink images to so many pixels on the shorter side; 0: %d, %d: none",
		dataset.DefaultShortSide, dataset.FullSize))
	flags.BoolVar(&from.upright, "upright", false, "of a folder: turn images as the orientation in their EXIF data says; training ignores it unless told")
	flags.BoolVar(&from.unlabelled, "unlabelled", false, "of a folder: its folders are no classes; take all images below it")
	flags.BoolVar(&from.skipCorrupt, "skip-corrupt", false, "leave out files that cannot be decoded")
	flags.StringVarP(&out, "out", "o", "", "file to write: *.parquet, *.csv or *.npy")
	flags.StringVar(&kind, "device", string(device.Auto), "auto, cuda, cpu or go")
	return cmd
}

// embed writes the features of images to a file. What can go wrong at the end is
// looked at first.
func embed(cmd *cobra.Command, weights string, from source, kind device.Kind, out string) error {
	model, err := pretrained.Load(weights)
	if err != nil {
		return err
	}
	images, err := from.load(cmd.Context(), cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	for _, file := range images.Skipped {
		fmt.Fprintf(cmd.ErrOrStderr(), "sslkit: %s is left out: it cannot be decoded\n", file)
	}
	if err := checkNames(images); err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "sslkit: embedding %d images\n", images.Len())
	set, err := model.Embed(cmd.Context(), kind, images)
	if err != nil {
		return err
	}
	set.Origin.Data = strings.ToValidUTF8(from.name(), "\uFFFD")
	if err := store.Write(out, set); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %d features of %d images\n", out, set.Dim, set.Len())
	return nil
}

// checkNames returns an error if a file of features cannot keep the images' names.
func checkNames(images *dataset.Images) error {
	return (&embedding.Set{
		Features: make([]float32, images.Len()), Dim: 1,
		Labels: images.Labels, Classes: images.Classes, Files: images.Files,
	}).Validate()
}

// checkOut returns an error unless features can be written to a file of that name.
func checkOut(out string) error {
	if out == "" {
		return errors.New("--out is missing: want a file to write")
	}
	if !slices.Contains([]string{".parquet", ".csv", ".npy"}, strings.ToLower(filepath.Ext(out))) {
		return fmt.Errorf("--out %s: want a name that ends in .parquet, .csv or .npy", out)
	}
	if _, err := os.Stat(filepath.Dir(out)); err != nil {
		return fmt.Errorf("--out %s: %w", out, err)
	}
	return nil
}

func checkDevice(kind string) error {
	kinds := []device.Kind{device.Auto, device.CUDA, device.CPU, device.Go}
	if !slices.Contains(kinds, device.Kind(kind)) {
		return fmt.Errorf("--device %s: want auto, cuda, cpu or go", kind)
	}
	return nil
}

// A source says which images are wanted.
type source struct {
	images      string // a folder, or the name of a data set
	split       string // of a data set; "": test
	limit       int    // 0: all
	unlabelled  bool   // of a folder: its folders are no classes
	skipCorrupt bool
	shortSide   int  // of a folder; 0: dataset.DefaultShortSide
	upright     bool // of a folder
}

// check returns an error that names the flag that makes no sense.
func (s source) check() error {
	named := !s.isFolder()
	switch {
	case s.images == "":
		return errors.New("--images is missing: want a folder, or cifar10, imagenette or shapes")
	case s.limit < 0:
		return fmt.Errorf("--limit %d: want 0 or more", s.limit)
	case named && s.split != "" && s.split != "train" && s.split != "test":
		return fmt.Errorf("--split %s: want train or test", s.split)
	case !named && s.split != "":
		return fmt.Errorf("--split %s: the folder %s has no splits; data sets have, which are cifar10, imagenette and shapes", s.split, s.images)
	case named && s.unlabelled:
		return fmt.Errorf("--unlabelled: %s is a data set, want a folder", s.images)
	case named && s.skipCorrupt:
		return fmt.Errorf("--skip-corrupt: %s is a data set, want a folder", s.images)
	case s.shortSide < dataset.FullSize:
		return fmt.Errorf("--short-side %d: want 0 or more, or %d to shrink no image", s.shortSide, dataset.FullSize)
	case named && s.shortSide != 0:
		return fmt.Errorf("--short-side: %s is a data set, want a folder", s.images)
	case named && s.upright:
		return fmt.Errorf("--upright: %s is a data set, want a folder", s.images)
	}
	return nil
}

// name is what the images are called.
func (s source) name() string {
	name := s.images
	if !s.isFolder() {
		name += " " + cmp.Or(s.split, "test")
	}
	if s.limit > 0 {
		name += fmt.Sprintf(", the first %d", s.limit)
	}
	return name
}

// load reads the images. Messages for people go to w.
func (s source) load(ctx context.Context, w io.Writer) (*dataset.Images, error) {
	name, report := dataset.Name(s.images), show.Count()
	if which := s.which(); which != "" {
		fmt.Fprintln(w, "sslkit:", which)
	}
	if s.isFolder() {
		return s.folder(ctx, w)
	}
	about, _ := dataset.About(name) // is known, or it would be a folder
	count := about.Test
	if s.split == "train" {
		count = about.Train
	}
	if s.limit > 0 {
		count = min(count, s.limit)
	}
	if s.split == "train" {
		set, err := dataset.Load(ctx, name, count, 0, report)
		if err != nil {
			return nil, err
		}
		return set.Train, nil
	}
	set, err := dataset.Load(ctx, name, 1, count, report) // no set is without training images
	if err != nil {
		return nil, err
	}
	return set.Test, nil
}

// folder reads a folder. One that has no folders of classes is read without them.
func (s source) folder(ctx context.Context, w io.Writer) (*dataset.Images, error) {
	opts := dataset.FolderOptions{
		ShortSide: s.shortSide, Limit: s.limit, Upright: s.upright,
		Unlabelled: s.unlabelled, SkipCorrupt: s.skipCorrupt, Progress: show.Count(),
		Warn: func(text string) { fmt.Fprintln(w, "sslkit:", text) },
	}
	images, err := dataset.Folder(ctx, s.images, opts)
	if errors.Is(err, dataset.ErrNoClasses) {
		fmt.Fprintf(w, "sslkit: %s has no folders of classes: its images are embedded without classes\n", s.images)
		opts.Unlabelled = true
		return dataset.Folder(ctx, s.images, opts)
	}
	return images, err
}

// expandHome replaces the ~ of paths that the shell left, as in --out=~/x.
func expandHome(cmd *cobra.Command, args []string) error {
	for i, arg := range args {
		args[i] = place.WithHome(arg)
	}
	for _, name := range []string{"out", "images", "query", "run"} {
		flag := cmd.Flags().Lookup(name)
		if flag == nil {
			continue
		}
		if err := flag.Value.Set(place.WithHome(flag.Value.String())); err != nil {
			return fmt.Errorf("--%s: %w", name, err)
		}
	}
	return nil
}

// isFolder says whether the images are a folder's. One that is called like a data set
// is meant, unless a split is, which folders have none of.
func (s source) isFolder() bool {
	_, named := dataset.About(dataset.Name(s.images))
	return !named || s.split == "" && s.hasNamesake()
}

// hasNamesake says whether there is a folder of that name.
func (s source) hasNamesake() bool {
	about, err := os.Stat(s.images)
	return err == nil && about.IsDir()
}

// which says what the images are where a folder is called like a data set, or "".
func (s source) which() string {
	_, named := dataset.About(dataset.Name(s.images))
	switch {
	case !named || !s.hasNamesake():
		return ""
	case s.isFolder():
		return fmt.Sprintf("--images %s is the folder of that name here; the data set has splits: it is meant with --split test or train", s.images)
	}
	return fmt.Sprintf("--images %s is the data set, for folders have no splits; the folder of that name is meant without --split", s.images)
}
