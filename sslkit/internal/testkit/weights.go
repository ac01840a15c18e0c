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

// Weights fills parameters as the reference networks have them: the tensor at
// place n of the list with the numbers of generator [U] number n.
func Weights(list []nn.Variable, norms Norms) []float64 { return WeightsFrom(0, list, norms) }

// WeightsFrom is [Weights] whose first tensor has generator number first.
func WeightsFrom(first int, list []nn.Variable, norms Norms) []float64 {
	var flat []float64
	fanIn := 0 // of the layer, once its weight was met; 0 in a batch norm
	for n, v := range list {
		values := make([]float64, v.Size())
		isBias := strings.HasSuffix(v.Path, "bias")
		if !isBias {
			fanIn = 0
			if len(v.Dims) > 1 {
				fanIn = v.Size() / v.Dims[len(v.Dims)-1]
			}
		}
		for k := range values {
			switch u := U(first+n, k); {
			case fanIn > 0:
				values[k] = (2*u - 1) / math.Sqrt(float64(fanIn))
			case isBias && norms == RandomNorms:
				values[k] = 0.4*u - 0.2
			case isBias:
				values[k] = 0
			case norms == RandomNorms:
				values[k] = 0.75 + 0.5*u
			default:
				values[k] = 1
			}
		}
		flat = append(flat, Kernel(Array{Shape: torchDims(v.Dims), Data: values}).Data...)
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
