package main

import (
	"fmt"

	"github.com/gossl/gossl/sslkit/pretrained"
	"github.com/spf13/cobra"
)

// importing is what the flags of import say.
type importing struct {
	out, as   string
	size      int
	smallStem bool
	mean, std []float64
}

func newImport() *cobra.Command {
	var i importing
	cmd := &cobra.Command{
		Use:   "import FILE --out FILE",
		Short: "Make a state dict of torchvision's a weights file, which is welcome wherever a run is",
		Long: `Reads a safetensors file with the state dict of torchvision's resnet18 or resnet34, and writes it with what it
does not say itself: which network it is of, and how images become its input. A classifier is left out.

Of a .pth file, Python makes a safetensors file:

  safetensors.torch.save_file(torch.load("model.pth", weights_only=True), "model.safetensors")`,
		Example: `  sslkit import resnet18.safetensors --out model.safetensors
  sslkit import cifar.safetensors --small-stem --size 32 --mean 0.491,0.482,0.447 --std 0.247,0.243,0.262 --out model.safetensors`,
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
			model, err := pretrained.ReadStateDict(args[0], network)
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
	n.Backbone.LargeStem = !i.smallStem
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
