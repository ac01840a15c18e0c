package pretrained

import (
	"encoding/binary"
	"math"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/onnx"
	"google.golang.org/protobuf/proto"
)

// tokens adds the nodes of a layer of a transformer to the nodes whose outputs it takes;
// behind those, inputs has the layer's weights. The last node has the layer's name.
func (b *onnxBuilder) tokens(l backbone.Layer, inputs []string) (name string, known bool) {
	switch kind := l.Kind.(type) {
	case backbone.Token:
		return inputs[len(inputs)-1], true // the weight itself
	case backbone.PositionTable:
		return b.positions(l, kind), true
	case backbone.PatchEmbedding:
		return b.patches(l, kind, inputs), true
	case backbone.Prepend:
		return b.prepend(l, inputs), true
	case backbone.FirstToken:
		return b.node("Gather", l.Name, []string{inputs[0], b.integers(l.Name+".place", []int{}, 0)}, integer("axis", 1)), true
	case backbone.LayerNorm:
		return b.node("LayerNormalization", l.Name, inputs, integer("axis", -1), float("epsilon", backbone.LayerNormEpsilon)), true
	case backbone.Linear:
		return b.dense(l.Name, inputs[0], inputs[1], inputs[2]), true
	case backbone.GELU:
		return b.gelu(l.Name, inputs[0]), true
	case backbone.Attention:
		return b.attention(l.Name, inputs, kind), true
	}
	return "", false
}

// positions is the table for images of the file's size. If it is the trained one, it has
// no node.
func (b *onnxBuilder) positions(l backbone.Layer, p backbone.PositionTable) string {
	table := b.weights[l.Name]
	if b.size/p.Patch == p.Grid {
		return table.name
	}
	values := p.Resized(table.values, b.size, b.size)
	resized := tensor{name: l.Name + ".resized", dims: []int{1, len(values) / p.Width, p.Width}, values: values}
	b.weight(resized)
	return resized.name
}

// patches is a convolution, and its pixels as tokens: [batch, patches, width].
func (b *onnxBuilder) patches(l backbone.Layer, p backbone.PatchEmbedding, inputs []string) string {
	conv := b.node("Conv", l.Name+".conv", inputs, integerList("kernel_shape", p.Patch, p.Patch), integerList("strides", p.Patch, p.Patch))
	rows := b.node("Reshape", l.Name+".rows", []string{conv, b.integers(l.Name+".shape", []int{3}, 0, p.Width, -1)})
	return b.node("Transpose", l.Name, []string{rows}, integerList("perm", 0, 2, 1))
}

// prepend adds a token of zeros in front of those of each image, and then the shared
// one, with zeros behind it: so it need not know the batch.
func (b *onnxBuilder) prepend(l backbone.Layer, inputs []string) string {
	first, tokens := inputs[0], inputs[1]
	behind := b.size / b.patch() * (b.size / b.patch())
	padded := b.node("Pad", l.Name+".tokens", []string{tokens, b.integers(l.Name+".front", []int{6}, 0, 1, 0, 0, 0, 0)})
	shared := b.node("Pad", l.Name+".shared", []string{first, b.integers(l.Name+".behind", []int{6}, 0, 0, 0, 0, behind, 0)})
	return b.node("Add", l.Name, []string{padded, shared})
}

// patch is the side of a patch, as the embedding's weight has it.
func (b *onnxBuilder) patch() int { return b.weights["patch_embed.proj.weight"].dims[3] }

// dense is x·weightᵀ + bias.
func (b *onnxBuilder) dense(name, x, weight, bias string) string {
	turned := b.node("Transpose", name+".turned", []string{weight}, integerList("perm", 1, 0))
	return b.node("Add", name, []string{b.node("MatMul", name+".product", []string{x, turned}), bias})
}

// gelu is x · (1 + erf(x/√2)) / 2.
func (b *onnxBuilder) gelu(name, x string) string {
	erf := b.node("Erf", name+".erf", []string{b.node("Mul", name+".scaled", []string{x, b.number(name+".scale", math.Sqrt2/2)})})
	share := b.node("Mul", name+".share", []string{b.node("Add", name+".sum", []string{erf, b.number(name+".one", 1)}), b.number(name+".half", 0.5)})
	return b.node("Mul", name, []string{x, share})
}

func (b *onnxBuilder) attention(name string, inputs []string, a backbone.Attention) string {
	size := a.Width / a.Heads
	qkv := b.dense(name+".qkv", inputs[0], inputs[1], inputs[2])
	qkv = b.node("Reshape", name+".heads", []string{qkv, b.integers(name+".shape", []int{5}, 0, -1, 3, a.Heads, size)})
	qkv = b.node("Transpose", name+".parts", []string{qkv}, integerList("perm", 2, 0, 3, 1, 4))
	var parts [3]string // [batch, heads, tokens, size]
	for i, part := range []string{".q", ".k", ".v"} {
		parts[i] = b.node("Gather", name+part, []string{qkv, b.integers(name+part+".place", []int{}, i)}, integer("axis", 0))
	}
	q := b.node("Mul", name+".q.scaled", []string{parts[0], b.number(name+".scale", 1/math.Sqrt(float64(size)))})
	keys := b.node("Transpose", name+".k.turned", []string{parts[1]}, integerList("perm", 0, 1, 3, 2))
	weights := b.node("Softmax", name+".weights", []string{b.node("MatMul", name+".scores", []string{q, keys})}, integer("axis", -1))
	y := b.node("MatMul", name+".means", []string{weights, parts[2]})
	y = b.node("Transpose", name+".tokens", []string{y}, integerList("perm", 0, 2, 1, 3))
	y = b.node("Reshape", name+".joined", []string{y, b.integers(name+".width", []int{3}, 0, -1, a.Width)})
	return b.dense(name, y, inputs[3], inputs[4])
}

// number adds a float32 scalar.
func (b *onnxBuilder) number(name string, value float64) string {
	b.weight(tensor{name: name, dims: []int{}, values: []float32{float32(value)}})
	return name
}

// integers adds an int64 constant.
func (b *onnxBuilder) integers(name string, dims []int, values ...int) string {
	var data []byte
	for _, v := range values {
		data = binary.LittleEndian.AppendUint64(data, uint64(int64(v)))
	}
	b.graph.Initializer = append(b.graph.Initializer, &onnx.TensorProto{
		Name:     proto.String(name),
		DataType: proto.Int32(int32(onnx.TensorProto_INT64)),
		Dims:     int64s(dims...),
		RawData:  data,
	})
	return name
}

func float(name string, value float32) *onnx.AttributeProto {
	return &onnx.AttributeProto{Name: proto.String(name), Type: onnx.AttributeProto_FLOAT.Enum(), F: proto.Float32(value)}
}
