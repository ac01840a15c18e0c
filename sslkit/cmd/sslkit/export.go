package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/gossl/gossl/sslkit/pretrained"
	"github.com/spf13/cobra"
)

func newExport() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "export RUN --out FILE",
		Short: "Write a run's backbone as .safetensors or .onnx, for other tools",
		Long: `Writes the backbone of a run's last checkpoint, or of a weights file, without the heads.

  .safetensors  weights with the names and shapes of torchvision's ResNets; sslkit reads the file, too
  .onnx         the network, to be run anywhere: images [batch, 3, height, width] float32, RGB from 0 to
                1, to features [batch, dim]; colours are normalised inside, resizing is left to you`,
		Example: `  sslkit export runs/first --out model.safetensors
  sslkit export runs/first --out model.onnx`,
		Args: oneModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			write, err := writer(out)
			if err != nil {
				return withExample(cmd, err)
			}
			model, err := pretrained.Load(args[0])
			if err != nil {
				return err
			}
			return save(cmd, model, write, out)
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "file to write: *.safetensors or *.onnx")
	return cmd
}

// writer returns what writes a model to a file of that name.
func writer(out string) (func(*pretrained.Model, string) error, error) {
	switch filepath.Ext(out) {
	case ".safetensors":
		return (*pretrained.Model).WriteSafetensors, nil
	case ".onnx":
		return (*pretrained.Model).WriteONNX, nil
	case "":
		if out == "" {
			return nil, fmt.Errorf("--out is missing: want a file to write")
		}
	}
	return nil, fmt.Errorf("--out %s: want a name that ends in .safetensors or .onnx", out)
}

// save writes a model, and says what it has written.
func save(cmd *cobra.Command, m *pretrained.Model, write func(*pretrained.Model, string) error, out string) error {
	notes(cmd.ErrOrStderr(), m)
	if err := write(m, out); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %d parameters, %d features of images of %d pixels\n",
		out, m.Parameters(), m.Backbone.Features(), m.Size)
	return nil
}

// notes says what there is to say of the reading of a model.
func notes(to io.Writer, m *pretrained.Model) {
	for _, note := range m.Notes {
		fmt.Fprintln(to, "sslkit:", note)
	}
}

// oneModel wants one argument.
func oneModel(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return withExample(cmd, fmt.Errorf("%d arguments, want one: a run folder or a .safetensors file", len(args)))
	}
	return nil
}
