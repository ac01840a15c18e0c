package pretrained

import (
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/onnx"
	"google.golang.org/protobuf/proto"
)

// onnxValue is a float32 input or output. An axis is its length, or a name if it may
// have any length.
func onnxValue(name, text string, axes ...any) *onnx.ValueInfoProto {
	shape := &onnx.TensorShapeProto{}
	for _, axis := range axes {
		dim := &onnx.TensorShapeProto_Dimension{}
		switch axis := axis.(type) {
		case string:
			dim.Value = &onnx.TensorShapeProto_Dimension_DimParam{DimParam: axis}
		case int:
			dim.Value = &onnx.TensorShapeProto_Dimension_DimValue{DimValue: int64(axis)}
		}
		shape.Dim = append(shape.Dim, dim)
	}
	return &onnx.ValueInfoProto{
		Name:      proto.String(name),
		DocString: proto.String(text),
		Type: &onnx.TypeProto{Value: &onnx.TypeProto_TensorType{TensorType: &onnx.TypeProto_Tensor{
			ElemType: proto.Int32(int32(onnx.TensorProto_FLOAT)),
			Shape:    shape,
		}}},
	}
}

// window returns the attributes of a convolution or a pool that is padded by
// kernel/2 on each side.
func window(kernel, stride int) []*onnx.AttributeProto {
	pad := kernel / 2
	return []*onnx.AttributeProto{
		integerList("kernel_shape", kernel, kernel),
		integerList("strides", stride, stride),
		integerList("pads", pad, pad, pad, pad),
	}
}

// epsilon is the attribute of batch norms.
var epsilon = float("epsilon", nn.BatchNormEpsilon)

func integer(name string, value int) *onnx.AttributeProto {
	return &onnx.AttributeProto{
		Name: proto.String(name),
		Type: onnx.AttributeProto_INT.Enum(),
		I:    proto.Int64(int64(value)),
	}
}

func integerList(name string, values ...int) *onnx.AttributeProto {
	return &onnx.AttributeProto{
		Name: proto.String(name),
		Type: onnx.AttributeProto_INTS.Enum(),
		Ints: int64s(values...),
	}
}

func int64s(values ...int) []int64 {
	wide := make([]int64, len(values))
	for i, v := range values {
		wide[i] = int64(v)
	}
	return wide
}
