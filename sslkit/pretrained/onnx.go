package pretrained

import (
	"fmt"

	"github.com/google/renameio/v2"
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
// Colours go in as they are: (colour − Mean) / Std is in the network. Resizing is
// not: resize an image's shorter side to Size, bilinear with antialias, and cut out
// the central square, to have the features that sslkit has. Batch, height and width
// may be any.
//
// Weights have torchvision's names, and batch norms are nodes. The model's
// metadata say under "sslkit" what a safetensors file says there.
func (m *Model) WriteONNX(path string) error {
	model, err := m.onnx()
	if err != nil {
		return fmt.Errorf("pretrained: write %s: %w", path, err)
	}
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(model)
	if err == nil {
		err = renameio.WriteFile(path, data, 0o644)
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
	g := m.onnxGraph()
	g.Input = []*onnx.ValueInfoProto{onnxValue(onnxInput, fmt.Sprintf(
		"RGB, each colour from 0 to 1; the shorter side resized to %d pixels, the central square cut out", m.Size), "batch", 3, "height", "width")}
	g.Output = []*onnx.ValueInfoProto{onnxValue(onnxOutput, "of the backbone, behind its average pool", "batch", m.Backbone.Features())}
	return &onnx.ModelProto{
		IrVersion:     proto.Int64(int64(onnxIR)),
		OpsetImport:   []*onnx.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(onnxOpset)}},
		ProducerName:  proto.String("sslkit"),
		Graph:         g,
		MetadataProps: []*onnx.StringStringEntryProto{{Key: proto.String(metadataKey), Value: proto.String(about)}},
	}, nil
}

// onnxGraph has the nodes and weights of [backbone.ResNet.Forward] in evaluation.
func (m *Model) onnxGraph() *onnx.GraphProto {
	b := &onnxBuilder{graph: &onnx.GraphProto{Name: proto.String("backbone")}}
	for _, t := range m.tensors {
		b.weight(t)
	}
	colours := []int{3, 1, 1}
	b.weight(tensor{"mean", colours, []float32{float32(m.Mean[0]), float32(m.Mean[1]), float32(m.Mean[2])}})
	b.weight(tensor{"std", colours, []float32{float32(m.Std[0]), float32(m.Std[1]), float32(m.Std[2])}})

	x := b.node("Div", "normalised", []string{b.node("Sub", "centred", []string{onnxInput, "mean"}), "std"})
	if m.Backbone.LargeStem {
		x = b.conv("conv1", x, 7, 2)
	} else {
		x = b.conv("conv1", x, 3, 1)
	}
	x = b.norm("bn1", x)
	if m.Backbone.StemReLU {
		x = b.relu("relu", x)
	}
	if m.Backbone.LargeStem {
		x = b.node("MaxPool", "maxpool", []string{x}, window(3, 2)...)
	}
	for block := range blocks(m.Backbone) {
		x = b.block(block, x)
	}
	x = b.node("GlobalAveragePool", "avgpool", []string{x}) // [batch, features, 1, 1]
	if m.Backbone.FinalConv {
		x = b.node("Conv", "final_conv", []string{x, "final_conv" + weight, "final_conv" + bias}, window(1, 1)...)
	}
	b.node("Flatten", onnxOutput, []string{x}, integer("axis", 1))
	return b.graph
}

// onnxBuilder adds nodes to a graph. Each has one output, of the node's name.
type onnxBuilder struct{ graph *onnx.GraphProto }

func (b *onnxBuilder) weight(t tensor) {
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

func (b *onnxBuilder) conv(name, x string, kernel, stride int) string {
	return b.node("Conv", name, []string{x, name + weight}, window(kernel, stride)...)
}

func (b *onnxBuilder) norm(name, x string) string {
	inputs := []string{x, name + weight, name + bias, name + runningMean, name + runningVar}
	return b.node("BatchNormalization", name, inputs, epsilon)
}

func (b *onnxBuilder) relu(name, x string) string { return b.node("Relu", name, []string{x}) }

func (b *onnxBuilder) block(block block, x string) string {
	name := block.name
	y := b.relu(name+"relu1", b.norm(name+"bn1", b.conv(name+"conv1", x, 3, block.stride)))
	y = b.norm(name+"bn2", b.conv(name+"conv2", y, 3, 1))
	if block.downsamples() {
		x = b.norm(name+"downsample.1", b.conv(name+"downsample.0", x, 1, block.stride))
	}
	sum := b.node("Add", name+"add", []string{x, y})
	return b.relu(name+"relu2", sum)
}
