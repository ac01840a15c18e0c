package device

import (
	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/backends/simplego"
)

func openGo() (*Device, error) {
	// One operation after another: with operations side by side, as many matrix
	// products as there are CPUs would wait for each other's workers for ever.
	backend, err := simplego.New("ops_sequential")
	if err != nil {
		return nil, err
	}
	return &Device{Kind: Go, Backend: goBackend{backend}, Name: "GoMLX pure Go on " + cpuName()}, nil
}

// goBackend makes GoMLX's pure-Go backend accept convolutions whose strides,
// paddings or dilations are left out, as their gradients do.
type goBackend struct{ backends.Backend }

type goBuilder struct{ backends.Builder }

type goFunction struct{ backends.Function }

func (b goBackend) Builder(name string) backends.Builder {
	return goBuilder{b.Backend.Builder(name)}
}

func (b goBuilder) Main() backends.Function {
	return goFunction{b.Builder.Main()}
}

func (f goFunction) ConvGeneral(input, kernel backends.Value, axes backends.ConvolveAxesConfig, strides []int,
	paddings [][2]int, inputDilations, kernelDilations []int, channelGroups, batchGroups int) (backends.Value, error) {
	n := len(axes.InputSpatial)
	if paddings == nil {
		paddings = make([][2]int, n)
	}
	return f.Function.ConvGeneral(input, kernel, axes, onesIfNil(strides, n), paddings,
		onesIfNil(inputDilations, n), onesIfNil(kernelDilations, n), channelGroups, batchGroups)
}

func onesIfNil(v []int, n int) []int {
	if v != nil {
		return v
	}
	v = make([]int, n)
	for i := range v {
		v[i] = 1
	}
	return v
}
