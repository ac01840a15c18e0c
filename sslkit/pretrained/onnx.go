package pretrained

import (
	"cmp"
	"fmt"

	"github.com/gossl/gossl/internal/atomicfile"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/onnx"
	"google.golang.org/protobuf/proto"
)

// The versions of ONNX that files are written for: every runtime since 2022 reads them.
const (
	onnxOpset = 17
	onnxIR    = onnx.Version_IR_VERSION_2021_7_30 // 8
)

// The names of the network's input and output in an ONNX file.
const (
	onnxInput  = "images"
	onnxOutput = "features"
)

// WriteONNX writes the network as ONNX, opset 17, to be run anywhere in float32.
// The file is replaced at once.
//
//	images    [batch, 3, height, width] float32: red, green, blue, each from 0 to 1
//	features  [batch, Backbone.Features()] float32
//
// The network in the file computes (colour − Mean) / Std itself. It does not resize:
// for the features that sslkit computes, resize an image's shorter side to Size,
// bilinear with antialias, and cut out the central square. The batch may be any, and
// so may height and width, but for a ViT, whose file is for images of Size.
//
// Weights have PyTorch's names, those of torchvision for a ResNet and of timm for a
// ViT, and batch norms are nodes of their own. The file's metadata have the same under "sslkit" as those of a
// safetensors file. It is an error if the backbone is no [backbone.Listed], or has a
// layer of a kind that this package knows no ONNX operator for.
func (m *Model) WriteONNX(path string) error {
	model, err := m.onnx()
	if err != nil {
		return fmt.Errorf("pretrained: write %s: %w", path, err)
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(model)
	if err == nil {
		err = atomicfile.Write(path, data)
	}
	if err != nil {
		return fmt.Errorf("pretrained: write %s: %w", path, err)
	}
	return nil
}

func (m *Model) onnx() (*onnx.ModelProto, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	about, err := m.describe()
	if err != nil {
		return nil, err
	}
	g, err := m.onnxGraph()
	if err != nil {
		return nil, err
	}
	height, width := any("height"), any("width")
	if _, fixed := m.Backbone.(backbone.ViT); fixed {
		height, width = m.Size, m.Size
	}
	g.Input = []*onnx.ValueInfoProto{onnxValue(onnxInput, fmt.Sprintf(
		"RGB, each colour from 0 to 1; the shorter side resized to %d pixels, the central square cut out", m.Size), "batch", 3, height, width)}
	g.Output = []*onnx.ValueInfoProto{onnxValue(onnxOutput, "of the backbone", "batch", m.Backbone.Features())}
	return &onnx.ModelProto{
		IrVersion:     proto.Int64(int64(onnxIR)),
		OpsetImport:   []*onnx.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(onnxOpset)}},
		ProducerName:  proto.String("sslkit"),
		Graph:         g,
		MetadataProps: []*onnx.StringStringEntryProto{{Key: proto.String(metadataKey), Value: proto.String(about)}},
	}, nil
}

// onnxGraph has the weights, and a node for each layer of the backbone in evaluation.
func (m *Model) onnxGraph() (*onnx.GraphProto, error) {
	net, err := m.listed()
	if err != nil {
		return nil, fmt.Errorf("ONNX: %w", err)
	}
	b := &onnxBuilder{graph: &onnx.GraphProto{Name: proto.String("backbone")}, size: m.Size, weights: map[string]tensor{}}
	for _, t := range m.tensors {
		b.weight(t)
	}
	colours := []int{3, 1, 1}
	b.weight(tensor{name: "mean", dims: colours, values: narrow(m.Mean)})
	b.weight(tensor{name: "std", dims: colours, values: narrow(m.Std)})

	x := b.node("Div", "normalised", []string{b.node("Sub", "centred", []string{onnxInput, "mean"}), "std"})
	x, err = backbone.Follow(net.Layers(), x, b.layer)
	if err = cmp.Or(err, b.err); err != nil {
		return nil, err
	}
	b.node("Flatten", onnxOutput, []string{x}, integer("axis", 1)) // a pool's result is [batch, features, 1, 1]
	return b.graph, nil
}

func narrow(colours [3]float64) []float32 {
	return []float32{float32(colours[0]), float32(colours[1]), float32(colours[2])}
}

// onnxBuilder adds nodes to a graph. Each has one output, of the node's name.
type onnxBuilder struct {
	graph   *onnx.GraphProto
	size    int               // of images, pixels
	weights map[string]tensor // by name
	err     error             // the first one of layer
}

func (b *onnxBuilder) weight(t tensor) {
	b.weights[t.name] = t
	b.graph.Initializer = append(b.graph.Initializer, &onnx.TensorProto{
		Name:     proto.String(t.name),
		DataType: proto.Int32(int32(onnx.TensorProto_FLOAT)),
		Dims:     int64s(t.dims...),
		RawData:  t.bytes(),
	})
}

func (b *onnxBuilder) node(operator, name string, inputs []string, attributes ...*onnx.AttributeProto) string {
	b.graph.Node = append(b.graph.Node, &onnx.NodeProto{
		OpType:    proto.String(operator),
		Name:      proto.String(name),
		Input:     inputs,
		Output:    []string{name},
		Attribute: attributes,
	})
	return name
}

// layer adds the node of a layer to the nodes whose outputs it takes.
func (b *onnxBuilder) layer(l backbone.Layer, in []string) string {
	inputs := in
	for _, w := range l.Weights() {
		inputs = append(inputs, l.NameOf(w))
	}
	switch kind := l.Kind.(type) {
	case backbone.Conv:
		return b.node("Conv", l.Name, inputs, window(kind.Size, kind.Stride)...)
	case backbone.PointConv:
		return b.node("Conv", l.Name, inputs, window(1, 1)...)
	case backbone.BatchNorm:
		return b.node("BatchNormalization", l.Name, inputs, epsilon)
	case backbone.ReLU:
		return b.node("Relu", l.Name, inputs)
	case backbone.MaxPool:
		return b.node("MaxPool", l.Name, inputs, window(kind.Size, kind.Stride)...)
	case backbone.AveragePool:
		return b.node("GlobalAveragePool", l.Name, inputs)
	case backbone.Add:
		return b.node("Add", l.Name, inputs)
	}
	if name, ok := b.tokens(l, inputs); ok {
		return name
	}
	b.err = cmp.Or(b.err, fmt.Errorf("ONNX: there is no form of layer %s, a %T, there", l.Name, l.Kind))
	return l.Name
}
