package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"strings"
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

  .safetensors  weights with the names and shapes of torchvision's ResNets, or timm's vision transformers; sslkit reads
                the file, too
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
	size      int // 0: the network's
	heads     int // 0: as usual
	smallStem bool
	mean, std []float64 // empty: the network's
}

// anyViT stands for a transformer whose sizes are those of the file's tensors.
const anyViT = "vit"

func newImport() *cobra.Command {
	var i importing
	cmd := &cobra.Command{
		Use:   "import FILE --out FILE",
		Short: "Make a state dict of PyTorch's a weights file, which is welcome wherever a run is",
		Long: `Reads a safetensors file with the state dict of a ResNet-18 or ResNet-34, of torchvision's or of lightly's, or
of a vision transformer, with timm's names or torchvision's; DINO's, MAE's and MoCo v3's files have timm's. It writes
it with what it does not say itself: which network it is of, and how images become its input.

Names may begin with module., backbone., encoder_q. or whatever else. A classifier, heads, and other networks beside it
are left out, and so is one that follows it, such as encoder_k or teacher; --prefix takes that instead. Layers may have
numbers, as in nn.Sequential(*list(resnet.children())[:-1]).

Of a .pth, .pt or .ckpt file, Python makes a safetensors file: the error that such a file is says how.`,
		Example: `  sslkit import resnet18.safetensors --out model.safetensors
  sslkit import cifar.safetensors --small-stem --size 32 --mean 0.491,0.482,0.447 --std 0.247,0.243,0.262 --out model.safetensors
  sslkit import byol.safetensors --prefix backbone_momentum --out model.safetensors
  sslkit import dino.safetensors --as vit --prefix teacher.backbone --out model.safetensors`,
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
	flags := cmd.Flags()
	flags.StringVarP(&i.out, "out", "o", "", "file to write: *.safetensors or *.onnx")
	flags.StringVar(&i.as, "as", "resnet18", "the network: resnet18, resnet34, vit for a vision transformer of any sizes, or timm's name of one, such as vit_small_patch16_224")
	flags.StringVar(&i.prefix, "prefix", "", "how the names of the network's tensors begin, if there are several networks")
	flags.BoolVar(&i.smallStem, "small-stem", false, "the ResNet begins with a 3×3 convolution and has no max pool, as for CIFAR")
	flags.IntVar(&i.heads, "heads", 0, "heads of the vit; by default they are of 64 numbers each")
	flags.IntVar(&i.size, "size", 0, "side of the square that images are resized and cut to, pixels; by default 224, of a vit what its positions are for")
	flags.Float64SliceVar(&i.mean, "mean", nil, "subtracted from red, green, blue in [0, 1]; by default ImageNet's, of a network by timm's name 0.5 each")
	flags.Float64SliceVar(&i.std, "std", nil, "divides what is left; by default as --mean")
	return cmd
}

// network is what the flags describe.
func (i importing) network() (pretrained.Network, error) {
	n, err := i.named()
	if err != nil {
		return n, err
	}
	if i.size < 0 {
		return n, fmt.Errorf("--size %d: want at least 1", i.size)
	}
	n.Size = cmp.Or(i.size, n.Size)
	for _, flag := range []struct {
		name   string
		values []float64
		to     *[3]float64
	}{{"mean", i.mean, &n.Mean}, {"std", i.std, &n.Std}} {
		if len(flag.values) != 3 && flag.values != nil {
			return n, fmt.Errorf("--%s has %d numbers, want 3, for red, green and blue", flag.name, len(flag.values))
		}
		copy(flag.to[:], flag.values)
	}
	view := n.View()
	view.Size = cmp.Or(view.Size, 1) // that of a transformer of any sizes, which its file tells
	if err := view.Validate(); err != nil {
		return n, fmt.Errorf("--size, --mean or --std: %w", err)
	}
	return n, nil
}

// named is the network that --as names, with what the other flags say of it.
func (i importing) named() (n pretrained.Network, err error) {
	transformer := strings.HasPrefix(i.as, anyViT)
	switch {
	case i.heads < 0 || i.heads > 0 && i.as != anyViT:
		return n, fmt.Errorf("--heads %d: want at least 1, and --as %s", i.heads, anyViT)
	case transformer && i.smallStem:
		return n, fmt.Errorf("--small-stem is for ResNets, and --as is %s", i.as)
	case i.as == anyViT:
		n, err = pretrained.Torchvision("resnet18") // the colours are ImageNet's
		n.Backbone, n.Size = backbone.ViT{Heads: i.heads}, 0
	case transformer:
		n, err = pretrained.Timm(i.as)
	default:
		n, err = pretrained.Torchvision(i.as)
		if net, ok := n.Backbone.(backbone.ResNet); ok {
			net.LargeStem = !i.smallStem
			n.Backbone = net
		}
	}
	if err != nil {
		return n, fmt.Errorf("--as: %w", err)
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
