package testkit

import (
	"math"
	"slices"
	"strings"

	"github.com/gossl/gossl/sslkit/nn"
)

// A Norms says how reference weights fill the batch norms.
type Norms bool

// Batch norms that do nothing at first (weight 1, bias 0), or random ones.
const (
	UnitNorms   Norms = false
	RandomNorms Norms = true
)

// A TorchTensor is a tensor of a reference network: its values are made of the
// numbers of generator [U] of its own.
type TorchTensor struct {
	Number int    // of the generator
	Name   string // in PyTorch
	Shape  []int  // in PyTorch
	Kind   string
}

// Kinds of tensors.
const (
	kindWeight = "weight" // uniform in ±1/√fan-in
	kindBias   = "bias"   // the same, of the fan-in of the weight before it
	kindOne    = "one"
	kindZero   = "zero"
	kindToken  = "token" // uniform in ±0.02
	kindFixed  = "fixed" // sine-cosine positions, the class token's row 0
	kindScale  = "scale" // of random batch norms
	kindShift  = "shift"
)

// Described says how reference networks start variables of a list, the first with
// generator number first.
func Described(first int, list []nn.Variable, norms Norms) []TorchTensor {
	ones, zeros := kindOne, kindZero
	if norms == RandomNorms {
		ones, zeros = kindScale, kindShift
	}
	var tensors []TorchTensor
	dense := false // the last weight was one of a layer, not of a norm
	for i, v := range list {
		t := TorchTensor{Number: first + i, Shape: torchDims(v.Dims), Kind: ones}
		switch isBias := strings.HasSuffix(v.Path, "bias"); {
		case isBias && dense:
			t.Kind = kindBias
		case isBias:
			t.Kind = zeros
		default:
			if dense = len(v.Dims) > 1; dense {
				t.Kind = kindWeight
			}
		}
		tensors = append(tensors, t)
	}
	return tensors
}

// Start returns the values of each tensor, in PyTorch's order.
func Start(tensors []TorchTensor) [][]float64 {
	var all [][]float64
	fanIn := 1 // of the last weight
	for _, t := range tensors {
		if t.Kind == kindFixed {
			all = append(all, sinCos(t.Shape[1], t.Shape[2]))
			continue
		}
		values := make([]float64, t.size())
		if t.Kind == kindWeight {
			fanIn = len(values) / t.Shape[0]
		}
		for k := range values {
			values[k] = t.value(U(t.Number, k), fanIn)
		}
		all = append(all, values)
	}
	return all
}

func (t TorchTensor) value(u float64, fanIn int) float64 {
	switch t.Kind {
	case kindWeight, kindBias:
		return (2*u - 1) / math.Sqrt(float64(fanIn))
	case kindOne:
		return 1
	case kindZero:
		return 0
	case kindToken:
		return 0.02 * (2*u - 1)
	case kindScale:
		return 0.75 + 0.5*u
	case kindShift:
		return 0.4*u - 0.2
	}
	panic("testkit: tensor of kind " + t.Kind)
}

// IsFixed says whether it is a table that is never trained.
func (t TorchTensor) IsFixed() bool { return t.Kind == kindFixed }

func (t TorchTensor) size() int {
	size := 1
	for _, d := range t.Shape {
		size *= d
	}
	return size
}

// sinCos is a table of positions, [1, 1 + side·side, dim]: half of the channels
// for the column, half for the row, each of them half sines, half cosines.
func sinCos(length, dim int) []float64 {
	table := make([]float64, dim) // the class token's
	side := int(math.Round(math.Sqrt(float64(length - 1))))
	for at := range side * side {
		for _, p := range []int{at % side, at / side} {
			var sines, cosines []float64
			for i := range dim / 4 {
				angle := float64(p) * math.Pow(10000, -float64(i)/float64(dim/4))
				sines, cosines = append(sines, math.Sin(angle)), append(cosines, math.Cos(angle))
			}
			table = append(append(table, sines...), cosines...)
		}
	}
	return table
}

// Ours turns values in PyTorch's order into the order of our variables: weights of
// layers are turned round, see [Kernel].
func (t TorchTensor) Ours(values []float64) []float64 {
	if t.Kind != kindWeight {
		return values
	}
	return Kernel(Array{Shape: t.Shape, Data: values}).Data
}

// Torch undoes [TorchTensor.Ours].
func (t TorchTensor) Torch(values []float64) []float64 {
	if t.Kind != kindWeight {
		return values
	}
	places := make([]float64, len(values))
	for i := range places {
		places[i] = float64(i)
	}
	back := make([]float64, len(values))
	for i, place := range t.Ours(places) {
		back[int(place)] = values[i]
	}
	return back
}

// Weights fills parameters as the reference networks have them: the tensor at
// place n of the list with the numbers of generator [U] number n.
func Weights(list []nn.Variable, norms Norms) []float64 {
	var flat []float64
	tensors := Described(0, list, norms)
	for i, values := range Start(tensors) {
		flat = append(flat, tensors[i].Ours(values)...)
	}
	return flat
}

// torchDims are the dimensions that PyTorch gives to a weight of ours.
func torchDims(dims []int) []int {
	switch len(dims) {
	case 2:
		return []int{dims[1], dims[0]}
	case 4:
		return []int{dims[3], dims[2], dims[0], dims[1]}
	}
	return dims
}

// Kernel turns a weight of PyTorch's, [out, in, height, width] or [out, in],
// into one of ours, [height, width, in, out] or [in, out]. Vectors stay, and so do
// tokens and tables of them, [1, tokens, width].
func Kernel(torch Array) Array {
	if len(torch.Shape)%2 == 1 {
		return torch
	}
	out, in, area := torch.Shape[0], torch.Shape[1], 1
	for _, d := range torch.Shape[2:] {
		area *= d
	}
	data := make([]float64, len(torch.Data))
	for o := range out {
		for i := range in {
			for a := range area {
				data[(a*in+i)*out+o] = torch.Data[(o*in+i)*area+a]
			}
		}
	}
	return Array{Shape: append(slices.Clone(torch.Shape[2:]), in, out), Data: data}
}

// Pictures is a view of a batch of reference images, [batch, size, size, 3], of
// the generators from 1000 on.
func Pictures(view, batch, size int) Array { return PicturesFrom(1000, view, batch, size) }

// PicturesFrom is [Pictures] of the generators from base on, which count channel
// by channel.
func PicturesFrom(base, view, batch, size int) Array {
	data := make([]float64, batch*size*size*3)
	area := size * size
	for b := range batch {
		for c := range 3 {
			for at := range area {
				k := (b*3+c)*area + at
				data[(b*area+at)*3+c] = 4*(0.7*U(base, k)+0.3*U(base+1+view, k)) - 2
			}
		}
	}
	return Array{Shape: []int{batch, size, size, 3}, Data: data}
}
