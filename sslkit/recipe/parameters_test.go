package recipe

import (
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
)

// count declares a recipe's model and counts trained parameters and tensors by
// the part of the online network.
func count(t *testing.T, d *device.Device, r Recipe) (parameters, tensors map[string]int) {
	t.Helper()
	vars, err := nn.Declare(d.Backend, nn.Mode{Precision: r.Precision}, func(scope *nn.Scope) {
		var views []*graph.Node
		for _, v := range r.Views {
			views = append(views, graph.Zeros(scope.Graph(), shapes.Make(dtypes.Float32, 8, v.Size, v.Size, 3)))
		}
		step := method.NewStep(r.Method, scope, r.Backbone, views)
		step.Places = func() []augment.Place {
			return slices.Repeat([]augment.Place{augment.Everywhere(scope.Graph(), 8)}, len(views))
		}
		r.Method.Loss(step)
	})
	if err != nil {
		t.Fatalf("%s %s on %s: %v", r.Preset, r.Name, r.Data, err)
	}
	parameters, tensors = map[string]int{}, map[string]int{}
	for _, v := range vars.Params() {
		part := strings.Split(v.Path, "/")[1]
		parameters[part] += v.Size()
		tensors[part]++
	}
	return parameters, tensors
}

// TestParameters compares the sizes of the networks with those of PyTorch's.
func TestParameters(t *testing.T) {
	d := testkit.Open(t, device.Go)
	const bias = 1 // of a layer before batch norm, per output
	for _, c := range []struct {
		preset        Preset
		data          dataset.Name
		batch, epochs int
		backbone      int
		heads         map[string][2]int // projector, predictor
	}{
		{LightlyHEAD, dataset.CIFAR10, 512, 200, 11_168_832, map[string][2]int{
			"MoCo": {328_320, 0}, "SimCLR": {328_960, 0}, "SimSiam": {5_251_072, 2_100_224}, "FastSiam": {5_251_072, 2_100_224},
			"BarlowTwins": {5_249_024, 0}, "BYOL": {788_736, 526_592},
		}},
		{LightlyHEAD, dataset.Imagenette, 256, 800, 11_176_512, map[string][2]int{
			"MoCo": {1_312_896, 0}, "SimCLR": {328_960, 0}, "SimSiam": {9_445_376, 2_100_224}, "FastSiam": {9_445_376, 2_100_224},
			"BarlowTwins": {9_447_424, 0}, "BYOL": {3_154_176, 2_105_600},
		}},
		{Lightly2023, dataset.Imagenette, 256, 800, 11_176_512, map[string][2]int{
			"SimSiam": {9_445_376, 2_100_224}, "BYOL": {3_154_176, 2_105_600},
		}},
		{Seed2021, dataset.Imagenette, 256, 800, 11_176_512 + 512*512 + 512, map[string][2]int{
			"SimCLR":  {512*512 + 512 + 512*128 + 128, 0},
			"SimSiam": {5_251_072 + bias*(2048+2048), 2_100_224 + bias*512},
			"BYOL":    {3_154_176 + bias*4096, 2_105_600 + bias*4096},
		}},
	} {
		for name, want := range c.heads {
			r, err := Find(c.preset, c.data, name, c.batch, c.epochs)
			if err != nil {
				t.Fatal(err)
			}
			parameters, tensors := count(t, d, r)
			if got := parameters["backbone"]; got != c.backbone {
				t.Errorf("%s %s on %s: backbone of %d parameters, want %d", c.preset, name, c.data, got, c.backbone)
			}
			if !r.Backbone.(backbone.ResNet).FinalConv && tensors["backbone"] != 60 {
				t.Errorf("%s %s on %s: backbone of %d tensors, want 60", c.preset, name, c.data, tensors["backbone"])
			}
			if got := [2]int{parameters["projector"], parameters["predictor"]}; got != want {
				t.Errorf("%s %s on %s: heads of %d parameters, want %d", c.preset, name, c.data, got, want)
			}
		}
	}
}
