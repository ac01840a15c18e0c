package main

import (
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/pretrained"
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

// importing is what the flags of import say.
type importing struct {
	out, as   string
	prefix    string
	size      int
	smallStem bool
	mean, std []float64
}

func newImport() *cobra.Command {
	var i importing
	cmd := &cobra.Command{
		Use:   "import FILE --out FILE",
		Short: "Make a state dict of PyTorch's a weights file, which is welcome wherever a run is",
		Long: `Reads a safetensors file with the state dict of a ResNet-18 or ResNet-34, of torchvision's or of lightly's, and writes
it with what it does not say itself: which network it is of, and how images become its input.

Names may begin with module., backbone., encoder_q. or whatever else. A classifier, heads, and other networks beside it
are left out, and so is one that follows it, such as encoder_k; --prefix takes that instead. Layers may have numbers, as
in nn.Sequential(*list(resnet.children())[:-1]).

Of a .pth, .pt or .ckpt file, Python makes a safetensors file:

  d = torch.load("model.pth", map_location="cpu", weights_only=True)
  d = d.get("state_dict", d)
  safetensors.torch.save_file({k: v.contiguous().clone() for k, v in d.items()}, "model.safetensors")`,
		Example: `  sslkit import resnet18.safetensors --out model.safetensors
  sslkit import cifar.safetensors --small-stem --size 32 --mean 0.491,0.482,0.447 --std 0.247,0.243,0.262 --out model.safetensors
  sslkit import byol.safetensors --prefix backbone_momentum --out model.safetensors`,
		Args: oneModel,
		RunE: func(cmd *cobra.Command, args []string) error {
			network, err := i.network()
			if err != nil {
				return withExample(cmd, err)
			}
			write, err := writer(i.out)
			if err != nil {
				return withExample(cmd, err)
			}
			var model *pretrained.Model
			if cmd.Flags().Changed("prefix") {
				model, err = pretrained.ReadStateDictPart(args[0], i.prefix, network)
			} else {
				model, err = pretrained.ReadStateDict(args[0], network)
			}
			if err != nil {
				return err
			}
			return save(cmd, model, write, i.out)
		},
	}
	imageNet, _ := pretrained.Torchvision("resnet18") // which there is
	flags := cmd.Flags()
	flags.StringVarP(&i.out, "out", "o", "", "file to write: *.safetensors or *.onnx")
	flags.StringVar(&i.as, "as", "resnet18", "the network: resnet18 or resnet34")
	flags.StringVar(&i.prefix, "prefix", "", "how the names of the network's tensors begin, if there are several networks")
	flags.BoolVar(&i.smallStem, "small-stem", false, "the network begins with a 3×3 convolution and has no max pool, as for CIFAR")
	flags.IntVar(&i.size, "size", imageNet.Size, "side of the square that images are resized and cut to, pixels")
	flags.Float64SliceVar(&i.mean, "mean", imageNet.Mean[:], "subtracted from red, green, blue in [0, 1]")
	flags.Float64SliceVar(&i.std, "std", imageNet.Std[:], "divides what is left")
	return cmd
}

// network is what the flags describe.
func (i importing) network() (pretrained.Network, error) {
	n, err := pretrained.Torchvision(i.as)
	if err != nil {
		return n, fmt.Errorf("--as: %w", err)
	}
	net := n.Backbone.(backbone.ResNet) // as Torchvision has it
	net.LargeStem = !i.smallStem
	n.Backbone = net
	n.Size = i.size
	for _, flag := range []struct {
		name   string
		values []float64
		to     *[3]float64
	}{{"mean", i.mean, &n.Mean}, {"std", i.std, &n.Std}} {
		if len(flag.values) != 3 {
			return n, fmt.Errorf("--%s has %d numbers, want 3, for red, green and blue", flag.name, len(flag.values))
		}
		copy(flag.to[:], flag.values)
	}
	if err := n.Validate(); err != nil {
		return n, fmt.Errorf("--size, --mean or --std: %w", err)
	}
	return n, nil
}

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
		{"network", m.Network.Describe()},
		{"parameters", fmt.Sprint(m.Parameters())},
		{"features", fmt.Sprint(m.Backbone.Features())},
		{"images", fmt.Sprintf("%d×%d pixels; mean %g, standard deviation %g", m.Size, m.Size, m.Mean, m.Std)},
		{"precision", string(m.Precision)},
		{"weights", m.Origin.Describe()},
	} {
		fmt.Fprintf(table, "%s\t%s\n", line[0], line[1])
	}
	return table.Flush()
}
