package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/pretrained"
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
