package pretrained

import (
	"cmp"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/nlpodyssey/safetensors"
)

// quoted lists prefixes.
func quoted(prefixes []string) string {
	if len(prefixes) == 0 {
		return "nothing that is known here"
	}
	list := make([]string, len(prefixes))
	for i, p := range prefixes {
		list[i] = fmt.Sprintf("%q", p)
	}
	return strings.Join(list, ", ")
}

// ReadStateDict reads a safetensors file with a state dict of PyTorch's. Such a file
// does not say which network its tensors are of, so n does: see [Torchvision] and [Timm].
//
// The tensors of a ResNet may be named as in torchvision, or as in lightly, which has
// shortcut for downsample. Instead of conv1, bn1 and layer1 there may be numbers, as in
// an nn.Sequential of the network's children. Those of a ViT are named as in timm, which
// is as in the files of DINO, MAE and MoCo v3, or as in torchvision; those of another
// network as its layers, see [backbone.Listed]. Before the names there may be any prefix, such as
// "module.encoder_q." or "backbone.". A file may hold several networks: those that
// follow another, by their names (momentum, target, teacher, …), are left out. If more
// than one remains, that is an error, see [ReadStateDictPart].
//
// Numbers in the names of layers tell whether a ReLU follows the stem (among the
// children of lightly's ResNets there is none) and whether there is a final
// convolution. Where n has it otherwise, the model has what the numbers tell, and its
// Notes say so.
//
// Shapes tell the sizes of a ViT: each field that is zero is set to what they tell, and
// Size to that of the images which its positions are made for. They do not tell Heads,
// which are then of 64 numbers each.
//
// Types may be F32, F64, F16 or BF16. Of batch norms with splits the mean of their
// statistics is taken. Classifiers, heads and networks beside the backbone are left
// out, and noted. Tensors that are missing, of another shape, or of no part of the
// network are errors, which name the tensor and those that the file has.
func ReadStateDict(path string, n Network) (*Model, error) {
	return readStateDict(path, n, findDict)
}

// ReadStateDictPart is [ReadStateDict] of the network whose tensors have a prefix,
// such as "target.backbone.".
func ReadStateDictPart(path, prefix string, n Network) (*Model, error) {
	return readStateDict(path, n, func(found safetensors.SafeTensors, net backbone.Listed) (dict, error) {
		if prefix != "" && !strings.HasSuffix(prefix, ".") {
			prefix += "."
		}
		known := prefixes(found, net)
		if !slices.Contains(known, prefix) {
			return dict{}, fmt.Errorf("no network's tensors begin with %q, those of networks begin with %s: %s", prefix, quoted(known), listing(found))
		}
		return newDict(found, net, prefix), nil
	})
}

func readStateDict(path string, n Network, open func(safetensors.SafeTensors, backbone.Listed) (dict, error)) (*Model, error) {
	net, err := n.listed()
	if err != nil {
		return nil, fmt.Errorf("pretrained: PyTorch's names of the weights: %w", err)
	}
	found, about, err := openSafetensors(path)
	if err != nil {
		return nil, fmt.Errorf("pretrained: %w", err)
	}
	if about != "" {
		return nil, fmt.Errorf("pretrained: %s: its header has %q, which says what the file is for: it needs no import; read it with "+
			"pretrained.ReadSafetensors", path, metadataKey)
	}
	d, err := open(found, net)
	if err != nil {
		return nil, fmt.Errorf("pretrained: %s: %w", path, err)
	}
	m := &Model{Network: n, Origin: Origin{File: filepath.Base(path)}}
	switch net := n.Backbone.(type) {
	case backbone.ResNet:
		m.Notes, err = d.adapt(&net)
		m.Backbone = net
	case backbone.ViT:
		m.Notes, err = d.sizes(&net)
		m.Backbone, m.Size = net, cmp.Or(n.Size, net.Patch*net.Grid)
	}
	if err == nil {
		err = m.take(d)
	}
	if err != nil {
		return nil, fmt.Errorf("pretrained: %s: %w", path, err)
	}
	return m, nil
}

// take reads the model's tensors from a file.
func (m *Model) take(d dict) error {
	if err := m.Validate(); err != nil {
		return err
	}
	net, err := m.listed()
	if err != nil {
		return err
	}
	left := map[string]bool{}
	for _, name := range d.Names() {
		left[name] = true
	}
	for t := range layout(net) { // a damaged file may claim endless layers: the first that is missing ends it
		name := d.name(t.name)
		view, ok := d.Tensor(name)
		if !ok {
			return fmt.Errorf("tensor %s is missing, want it with shape %v: %s", name, t.dims, listing(d.SafeTensors))
		}
		if err := t.decode(view); err != nil {
			return fmt.Errorf("tensor %s %w", name, err)
		}
		m.tensors = append(m.tensors, t)
		delete(left, name)
		if base, ok := strings.CutSuffix(name, runningVar); ok {
			delete(left, base+batches)
		}
	}
	notes, err := d.leave(slices.Sorted(maps.Keys(left)))
	m.Notes = append(m.Notes, notes...)
	return err
}

// leave returns notes of the tensors that were not taken, or an error if one should be
// a part of the network.
func (d dict) leave(names []string) (notes []string, err error) {
	beside := map[string]int{}
	for _, name := range names {
		inside, ok := strings.CutPrefix(name, d.prefix)
		switch {
		case !ok:
			beside[d.beside(name)]++
		case d.isHead(inside):
			notes = append(notes, fmt.Sprintf("tensor %s is left out: it is of a classifier or a head, not of the backbone", name))
		default:
			return nil, fmt.Errorf("tensor %s belongs to no part of the network: is it another one? %s", name, listing(d.SafeTensors))
		}
	}
	for _, first := range slices.Sorted(maps.Keys(beside)) {
		notes = append(notes, fmt.Sprintf("tensors that begin with %s, %d of them, are left out: the network's begin with %s", first, beside[first], d.prefix))
	}
	return notes, nil
}
