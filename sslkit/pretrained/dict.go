package pretrained

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/nlpodyssey/safetensors"
)

// A dict is a file's tensors, and how the names of layout are spelt in the file. As
// its zero value says, they are spelt alike.
type dict struct {
	safetensors.SafeTensors
	prefix    string // before all names of the network
	shortcut  bool   // downsample is called shortcut, as in lightly
	stage     int    // number of layer1, where the network's children have numbers, as in an nn.Sequential; 0: they have names
	stages    int    // number of stages: layer1, layer2, …; 0 if they have names
	finalConv int    // number of the convolution behind the pool; 0: there is none

	tokens      bool // the network is a vision transformer …
	torchvision bool // … with torchvision's names, not timm's …
	linear      bool // … those of its first files
}

// followers matches names of networks that follow another: averages of it.
var followers = regexp.MustCompile(`(?i)momentum|target|teacher|ema|_k\.|key|swa`)

// prefixes lists what stands before the names of each such network in the file.
func prefixes(found safetensors.SafeTensors, net backbone.Listed) []string {
	var list []string
	if _, ok := net.(backbone.ResNet); !ok {
		for _, first := range firstNames(net) {
			for _, name := range found.Names() {
				if prefix, ok := strings.CutSuffix(name, first); ok && (prefix == "" || strings.HasSuffix(prefix, ".")) {
					list = append(list, prefix)
				}
			}
		}
		slices.Sort(list)
		return list
	}
	for _, name := range found.Names() {
		view, _ := found.Tensor(name)
		if shape := view.Shape(); len(shape) != 4 || shape[1] != 3 {
			continue // not a first convolution, which has three channels of colour
		}
		for conv, norm := range map[string]string{"conv1": "bn1", "0": "1"} {
			prefix, ok := strings.CutSuffix(name, conv+weight)
			if !ok || prefix != "" && !strings.HasSuffix(prefix, ".") {
				continue
			}
			if _, ok := found.Tensor(prefix + norm + weight); ok {
				list = append(list, prefix)
			}
		}
	}
	slices.Sort(list)
	return list
}

// firstNames are the names that the first tensor of such a network may have.
func firstNames(net backbone.Listed) []string {
	if _, ok := net.(backbone.ViT); ok {
		return classTokens
	}
	for first := range layout(net) {
		return []string{first.name}
	}
	return nil
}

// findDict finds the network in a file.
func findDict(found safetensors.SafeTensors, net backbone.Listed) (dict, error) {
	all := prefixes(found, net)
	list := slices.DeleteFunc(slices.Clone(all), followers.MatchString)
	switch {
	case len(all) == 1:
		return newDict(found, net, all[0]), nil
	case len(all) == 0:
		return newDict(found, net, ""), nil // the first tensor that is missing is the error
	case len(list) == 1:
		return newDict(found, net, list[0]), nil
	}
	return dict{}, fmt.Errorf("there are several networks, whose tensors begin with %s: say which one, "+
		"with pretrained.ReadStateDictPart or `sslkit import --prefix`", quoted(all))
}

func newDict(found safetensors.SafeTensors, net backbone.Listed, prefix string) dict {
	d := dict{SafeTensors: found, prefix: prefix}
	if _, d.tokens = net.(backbone.ViT); d.tokens {
		return d.ofTransformer()
	}
	if _, ok := net.(backbone.ResNet); !ok {
		return d
	}
	_, d.shortcut = found.Tensor(prefix + "layer2.0.shortcut.0" + weight)
	if _, named := found.Tensor(prefix + "conv1" + weight); named {
		return d
	}
	isStage := func(number int) bool {
		_, ok := found.Tensor(fmt.Sprintf("%s%d.0.conv1%s", prefix, number, weight))
		return ok
	}
	for number := 2; number <= 4; number++ { // after conv1, bn1 and, in some networks, relu and maxpool
		if d.stage == 0 && isStage(number) {
			d.stage = number
		}
	}
	if d.stage == 0 {
		return d
	}
	for isStage(d.stage + d.stages) {
		d.stages++
	}
	_, d.shortcut = found.Tensor(fmt.Sprintf("%s%d.0.shortcut.0%s", prefix, d.stage+1, weight))
	for _, name := range found.Names() {
		number, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(name, prefix), weight))
		view, _ := found.Tensor(name)
		if shape := view.Shape(); err == nil && number >= d.stage+d.stages && len(shape) == 4 && shape[2] == 1 && shape[3] == 1 {
			d.finalConv = number
		}
	}
	return d
}

// name returns the file's name of a tensor that layout calls ours.
func (d dict) name(ours string) string {
	if d.tokens {
		return d.transformerName(ours)
	}
	if d.shortcut {
		ours = strings.Replace(ours, ".downsample.", ".shortcut.", 1)
	}
	if d.stage == 0 {
		return d.prefix + ours
	}
	first, rest, _ := strings.Cut(ours, ".")
	number := map[string]int{"conv1": 0, "bn1": 1, "final_conv": d.finalConv}[first]
	if layer, ok := strings.CutPrefix(first, "layer"); ok {
		n, _ := strconv.Atoi(layer) // layout wrote the number
		number = d.stage + n - 1
	}
	return fmt.Sprintf("%s%d.%s", d.prefix, number, rest)
}

// adapt sets what the numbers of a file's layers tell of a ResNet better than r does,
// and returns notes of what it has changed.
func (d dict) adapt(r *backbone.ResNet) (notes []string, err error) {
	if d.stage == 0 {
		return nil, nil
	}
	stem, ok := d.Tensor(d.name("conv1" + weight))
	if !ok || len(stem.Shape()) != 4 {
		return nil, nil // take will report it
	}
	switch large := stem.Shape()[2] == 7; {
	case large && d.stage < 4:
		return nil, errors.New("the stem is of 7×7 pixels, and no max pool follows it: there is no such network here")
	case !large && d.stage == 4:
		notes = append(notes, "the numbers of the layers do not tell whether a max pool follows the small stem: it is taken for an Identity")
	}
	if relu := d.stage > 2; relu != r.StemReLU {
		r.StemReLU = relu
		notes = append(notes, map[bool]string{
			true:  "a ReLU follows the stem, as the numbers of the layers tell",
			false: "no ReLU follows the stem: the layers are numbered as the children of lightly's ResNet, among which there is none",
		}[relu])
	}
	if final := d.finalConv > 0; final != r.FinalConv {
		r.FinalConv = final
		if final {
			notes = append(notes, fmt.Sprintf("the network has a convolution behind its average pool, %s%d", d.prefix, d.finalConv))
		}
	}
	return notes, nil
}

// isHead says whether a name behind the prefix is that of a classifier or head.
func (d dict) isHead(name string) bool {
	first, _, _ := strings.Cut(name, ".")
	if d.tokens {
		return slices.Contains([]string{"head", "heads", "fc", "fc_norm", "mask_token"}, first) || strings.HasPrefix(first, "decoder_")
	}
	if d.stage == 0 {
		return first == "fc" || d.shortcut && first == "linear"
	}
	number, err := strconv.Atoi(first)
	return err == nil && number >= d.stage+d.stages && number != d.finalConv
}

// beside is how the name of a tensor begins that is not the network's: with what it
// has in common with the prefix, and the next word. It stands for a network of its own.
func (d dict) beside(name string) string {
	at := 0
	for at < min(len(name), len(d.prefix)) && name[at] == d.prefix[at] {
		at++
	}
	at = strings.LastIndex(name[:at], ".") + 1
	if word, _, more := strings.Cut(name[at:], "."); more {
		return name[:at] + word + "."
	}
	return name
}

// listing says what tensors there are, and what they look like.
func listing(found safetensors.SafeTensors) string {
	names := slices.Sorted(slices.Values(found.Names()))
	const ends = 4
	var list []string
	for i, name := range names {
		if i < ends || i >= len(names)-ends {
			view, _ := found.Tensor(name)
			list = append(list, fmt.Sprintf("%s %v", name, view.Shape()))
		} else if i == ends {
			list = append(list, "…")
		}
	}
	text := fmt.Sprintf("the file has %d tensors: %s", len(names), strings.Join(list, ", "))
	for _, h := range hints {
		if slices.ContainsFunc(names, h.names.MatchString) {
			return text + "; " + h.text
		}
	}
	return text
}

// hints are what to say of tensors by whose names one sees why a file is not read.
var hints = []struct {
	names *regexp.Regexp
	text  string
}{
	{regexp.MustCompile(`\.0\.conv3\.weight$`), "blocks of three convolutions are those of ResNet-50 and larger: there are basic blocks only here"},
	{regexp.MustCompile(`\.ls1\.|\.gamma_1$|(^|\.)(dist_token|reg_token|register_tokens)$|\.[qk]_norm\.`),
		"there are no vision transformers with scaled layers, with normalised queries and keys, or with other tokens than the class's here"},
	{regexp.MustCompile(`(^|\.)fc_norm\.`), "fc_norm is of a vision transformer whose features are the mean of its patches: here they are the class token"},
	{regexp.MustCompile(`(^|\.)(cls_token|class_token|patch_embed\.proj\.weight|conv_proj\.weight)$`),
		"they look like those of a vision transformer: if another network was named, say backbone.ViT, or `sslkit import --as vit`"},
}
