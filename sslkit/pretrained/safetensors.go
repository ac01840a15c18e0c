package pretrained

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/gossl/gossl/internal/atomicfile"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/nlpodyssey/safetensors"
)

// metadataKey is the key of a file's header that holds a [metadata] as JSON: what the
// tensors do not tell.
const metadataKey = "sslkit"

// metadataVersion changes when older readers would misunderstand.
const metadataVersion = 1

type metadata struct {
	Version  int  `json:"version"`
	Backbone form `json:"backbone"`
	Network
	Origin Origin `json:"origin"`
}

// describe returns the model's metadata.
func (m *Model) describe() (string, error) {
	text, err := json.Marshal(metadata{metadataVersion, form{m.Backbone}, m.Network, m.Origin})
	return string(text), err
}

// form is a backbone as metadata have it: {"ViT": {…}}, but a ResNet without its name,
// as in the first files, so that older versions of sslkit read the new ones, too.
type form struct{ backbone.Backbone }

// MarshalJSON implements [json.Marshaler].
func (f form) MarshalJSON() ([]byte, error) {
	if net, ok := f.Backbone.(backbone.ResNet); ok {
		return json.Marshal(net)
	}
	return backbone.Types.Write(f.Backbone)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (f *form) UnmarshalJSON(text []byte) (err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return err
	}
	if len(fields) == 1 { // a name: a ResNet has more fields than one
		f.Backbone, err = backbone.Types.Read(text)
		return err
	}
	var net backbone.ResNet
	err = json.Unmarshal(text, &net)
	f.Backbone = net
	return err
}

// WriteSafetensors writes the weights with the names, the order of axes and the
// types of torchvision's ResNets: conv1.weight [out, in, height, width], …,
// layer4.1.bn2.running_var, and counts of batches that are 0. There is no fc. Of
// another network that is a list of layers, names are those of its layers: for a ViT
// timm's, cls_token, pos_embed, patch_embed.proj.weight, …, norm.bias. One that is
// not, see [backbone.Listed], is an error. The file is replaced at once.
//
// For a network with LargeStem, StemReLU and the blocks and width of ResNet-18,
// this is the state dict of torchvision.models.resnet18 without fc:
//
//	net = torchvision.models.resnet18()
//	net.fc = torch.nn.Identity()
//	net.load_state_dict(safetensors.torch.load_file("model.safetensors"))
//	features = net.eval()(images)
//
// Without LargeStem, conv1 is Conv2d(3, width, 3, 1, 1, bias=False) and maxpool
// an Identity. Without StemReLU, the relu of the network is an Identity, those of its
// blocks are not. FinalConv adds final_conv, a Conv2d of 1×1 behind avgpool.
//
// The header's metadata have, under "sslkit", as JSON, what the tensors do not tell:
// see [Network] and [Origin].
func (m *Model) WriteSafetensors(path string) error {
	data, err := m.safetensors()
	if err == nil {
		err = atomicfile.Write(path, data)
	}
	if err != nil {
		return fmt.Errorf("pretrained: write %s: %w", path, err)
	}
	return nil
}

func (m *Model) safetensors() ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	if _, err := m.listed(); err != nil {
		return nil, fmt.Errorf("PyTorch's names of the weights: %w", err)
	}
	views := map[string]stored{}
	for _, t := range m.tensors {
		shape := make([]uint64, len(t.dims))
		for i, d := range t.dims {
			shape[i] = uint64(d)
		}
		views[t.name] = stored{safetensors.F32, shape, t.bytes()}
		if base, ok := strings.CutSuffix(t.name, runningVar); ok {
			views[base+batches] = stored{safetensors.I64, []uint64{}, make([]byte, 8)}
		}
	}
	about, err := m.describe()
	if err != nil {
		return nil, err
	}
	return safetensors.Serialize(views, map[string]string{"format": "pt", metadataKey: about})
}

// stored is a tensor of a file. The library's own type allows no scalars.
type stored struct {
	dtype safetensors.DType
	shape []uint64
	data  []byte
}

func (s stored) DType() safetensors.DType { return s.dtype }
func (s stored) Shape() []uint64          { return s.shape }
func (s stored) Data() []byte             { return s.data }
func (s stored) DataLen() uint64          { return uint64(len(s.data)) }

// bytes are the values, little-endian.
func (t tensor) bytes() []byte {
	data := make([]byte, 0, 4*len(t.values))
	for _, v := range t.values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return data
}

// ReadSafetensors reads a file of [Model.WriteSafetensors]. One without its
// metadata, such as torchvision's, is an error: see [ReadStateDict].
func ReadSafetensors(path string) (*Model, error) {
	found, about, err := openSafetensors(path)
	if err != nil {
		return nil, fmt.Errorf("pretrained: %w", err)
	}
	if about == "" {
		return nil, fmt.Errorf("pretrained: %s: its header has no %q: the file does not say what network and images it is for; "+
			"if it is a state dict of torchvision's, say so with pretrained.ReadStateDict, or by `sslkit import`", path, metadataKey)
	}
	var known metadata
	if err := json.Unmarshal([]byte(about), &known); err != nil {
		return nil, fmt.Errorf("pretrained: %s: %q in its header: %w", path, metadataKey, err)
	}
	if known.Version != metadataVersion {
		return nil, fmt.Errorf("pretrained: %s: %q in its header has version %d, want %d", path, metadataKey, known.Version, metadataVersion)
	}
	m := &Model{Network: known.Network, Origin: known.Origin}
	m.Backbone = known.Backbone.Backbone
	if err := m.take(dict{SafeTensors: found}); err != nil {
		return nil, fmt.Errorf("pretrained: %s: %w", path, err)
	}
	return m, nil
}

// openSafetensors reads a file, and what its header has under the metadata key.
func openSafetensors(path string) (safetensors.SafeTensors, string, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return safetensors.SafeTensors{}, "", err
	}
	if err := otherFormat(path, file); err != nil {
		return safetensors.SafeTensors{}, "", err
	}
	found, err := safetensors.Deserialize(file)
	if err != nil {
		return found, "", fmt.Errorf("%s is no safetensors file, or damaged: %w", path, err)
	}
	_, header, err := safetensors.ReadMetadata(file)
	if err != nil {
		return found, "", fmt.Errorf("%s is no safetensors file, or damaged: %w", path, err)
	}
	return found, header.Metadata()[metadataKey], nil
}
