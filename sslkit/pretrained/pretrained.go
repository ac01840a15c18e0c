// Package pretrained reads a trained backbone from a run folder or a file, without
// the heads it was trained with. A [Model] embeds images, and is written for other
// tools: as safetensors with PyTorch's names, and as ONNX.
package pretrained

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
)

// A Network is a backbone, and how images are prepared for it.
type Network struct {
	Backbone backbone.Backbone `json:"backbone"`

	// The shorter side of an image is resized to Size, and the central square cut
	// out of it; then colours in [0, 1] become (colour − Mean) / Std, for red, green, blue.
	Size int        `json:"size"` // pixels
	Mean [3]float64 `json:"mean"`
	Std  [3]float64 `json:"std"`

	Precision device.Precision `json:"precision"` // of the arithmetic when images are embedded: F32 or BF16
}

// An Origin is what is known of where weights come from. What is not known is zero.
type Origin struct {
	Recipe string       `json:"recipe,omitempty"` // its name
	Preset string       `json:"preset,omitempty"` // of the recipe
	Method string       `json:"method,omitempty"`
	Data   dataset.Name `json:"data,omitempty"`
	Images int          `json:"images,omitempty"` // that the network was trained on
	Epochs int          `json:"epochs,omitempty"` // of training, complete ones
	Steps  int          `json:"steps,omitempty"`  // of the epoch after them
	File   string       `json:"file,omitempty"`   // base name of a file without such knowledge
}

// A Model is a backbone with its weights. [Open], [Untrained], [ReadSafetensors],
// [ReadStateDict] and [Load] make one.
type Model struct {
	Network
	Origin Origin
	Notes  []string // what its reader should tell a person: a damaged checkpoint, tensors left out

	tensors []tensor // in the order of Network.tensors, with values
}

// Validate reports the first field that makes no sense.
func (n Network) Validate() error {
	if n.Backbone == nil {
		return errors.New("backbone is not set")
	}
	if err := n.Backbone.Validate(); err != nil {
		return err
	}
	if parts := backbone.Parts(n.Backbone); parts != 1 {
		return fmt.Errorf("backbone: splits are %d, want 1: they matter in training only", parts)
	}
	if err := n.View().Validate(); err != nil { // it names size, mean and std
		return err
	}
	if net, ok := n.Backbone.(backbone.ViT); ok && n.Size%net.Patch != 0 {
		return fmt.Errorf("size is %d, want a multiple of %d, the side of a patch", n.Size, net.Patch)
	}
	if n.Precision != device.F32 && n.Precision != device.BF16 {
		return fmt.Errorf("precision is %q, want %q or %q", n.Precision, device.F32, device.BF16)
	}
	return nil
}

// View is the policy that prepares images for the network, by its Plain.
func (n Network) View() augment.Policy {
	whole := [2]float64{1, 1}
	return augment.Policy{Size: n.Size, Scale: whole, Ratio: whole, Mean: n.Mean, Std: n.Std}
}

// Torchvision returns torchvision's network of a name, "resnet18" or "resnet34",
// for images of 224 pixels with ImageNet's statistics.
func Torchvision(name string) (Network, error) {
	net := backbone.ResNet18Large()
	switch name {
	case "resnet18":
	case "resnet34":
		net = net.Sized(64, 3, 4, 6, 3)
	default:
		return Network{}, fmt.Errorf("pretrained: no network of torchvision's is known as %q: want resnet18 or resnet34", name)
	}
	mean, std := dataset.ImageNet()
	return Network{
		Backbone:  net,
		Size:      224,
		Mean:      mean,
		Std:       std,
		Precision: device.F32,
	}, nil
}

// Timm returns timm's vision transformer of a name, such as "vit_small_patch16_224":
// tiny, small, base or large, with patches and for images of as many pixels as the name
// says. Its colours are those of most of timm's weights for them, with mean and
// deviation 0.5; those of masked autoencoders have ImageNet's, as [Torchvision].
func Timm(name string) (Network, error) {
	var size string
	var patch, image int
	sizes := map[string][2]int{"tiny": {192, 3}, "small": {384, 6}, "base": {768, 12}, "large": {1024, 16}} // width, heads
	_, err := fmt.Sscanf(strings.ReplaceAll(name, "_", " "), "vit %s patch%d %d", &size, &patch, &image)
	found, known := sizes[size]
	if err != nil || !known || patch < 1 || image < patch || image%patch != 0 || name != fmt.Sprintf("vit_%s_patch%d_%d", size, patch, image) {
		return Network{}, fmt.Errorf("pretrained: no network of timm's is known as %q: want vit_SIZE_patchN_N, such as vit_small_patch16_224, of size tiny, small, base or large", name)
	}
	depth := 12
	if size == "large" {
		depth = 24
	}
	half := [3]float64{0.5, 0.5, 0.5}
	return Network{
		Backbone: backbone.ViT{
			Patch: patch, Width: found[0], Depth: depth, Heads: found[1], MLP: 4 * found[0],
			Grid: image / patch, Positions: backbone.Learned, Resize: backbone.Antialias, Init: backbone.TimmInit,
		},
		Size: image, Mean: half, Std: half, Precision: device.F32,
	}, nil
}

// Load reads a model from a run folder, as [Open], or from a file of
// [Model.WriteSafetensors], as [ReadSafetensors].
func Load(path string) (*Model, error) {
	about, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("pretrained: want a run folder or a .safetensors file: %w", err)
	case about.IsDir():
		return Open(path)
	}
	if filepath.Ext(path) == ".safetensors" {
		return ReadSafetensors(path)
	}
	if err := beginsOtherwise(path); err != nil {
		return nil, fmt.Errorf("pretrained: %w", err)
	}
	return nil, fmt.Errorf("pretrained: %s: want a run folder or a .safetensors file", path)
}

// beginsOtherwise applies [otherFormat] to the beginning of a file.
func beginsOtherwise(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	begin := make([]byte, 64)
	n, _ := io.ReadFull(file, begin) // a short file is none of those
	return otherFormat(path, begin[:n])
}

// Parameters is the number of trained numbers.
func (m *Model) Parameters() int {
	sum := 0
	for _, t := range m.tensors {
		if !t.statistic {
			sum += t.size()
		}
	}
	return sum
}

// check reports a model whose weights are not those of its backbone.
func (m *Model) check() error {
	if err := m.Validate(); err != nil {
		return err
	}
	wanted, err := m.Network.tensors()
	if err != nil {
		return err
	}
	i := 0
	for want := range wanted {
		if i == len(m.tensors) || !m.tensors[i].like(want) {
			return errors.New("the weights are not the backbone's: open or read a model, and leave its Backbone as it is")
		}
		i++
	}
	if i != len(m.tensors) {
		return errors.New("the backbone has fewer weights than the model: open or read a model, and leave its Backbone as it is")
	}
	return nil
}
