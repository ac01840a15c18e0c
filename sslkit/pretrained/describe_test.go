package pretrained

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
)

func origin(t *testing.T, m *Model) *embedding.Origin {
	t.Helper()
	o, err := m.FeaturesOrigin()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Features say what made them, and a file says the same as the model that it was written from.
func TestFeaturesOrigin(t *testing.T) {
	m := reference(t, "standard")
	want := origin(t, m)
	if !strings.HasPrefix(want.Network, "ResNet-6 of width 4, blocks [1 1], 7×7 stem") || !strings.HasSuffix(want.Network, "weights of the file standard.safetensors") ||
		want.Size != 16 || want.Mean != m.Mean || want.Std != m.Std || len(want.Weights) != 24 || want.Images != "" {
		t.Errorf("origin %+v", want)
	}
	path := filepath.Join(t.TempDir(), "copy.safetensors")
	if err := m.WriteSafetensors(path); err != nil {
		t.Fatal(err)
	}
	copied, err := ReadSafetensors(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, origin(t, copied)); diff != "" {
		t.Error(diff)
	}

	images, _ := referenceFeatures(t, "standard")
	set, err := m.Embed(t.Context(), device.Go, images)
	if err != nil {
		t.Fatal(err)
	}
	want.Images = images.Fingerprint().Pixels
	if diff := cmp.Diff(want, set.Origin); diff != "" {
		t.Error(diff)
	}
	images.Pixels = images.Pixels[1:]
	if _, err := m.Embed(t.Context(), device.Go, images); err == nil || !strings.Contains(err.Error(), "pretrained: embed: dataset: ") {
		t.Errorf("images that make no sense: error %v", err)
	}
}

// Whatever changes features changes the origin, and what does not does not.
func TestFeaturesOriginTellsNetworksApart(t *testing.T) {
	want := origin(t, reference(t, "standard"))
	for what, test := range map[string]struct {
		change func(m *Model)
		match  bool
	}{
		"a weight":      {func(m *Model) { m.tensors[0].values[0] += 1e-6 }, false},
		"a statistic":   {func(m *Model) { m.tensors[3].values[0] += 1e-6 }, false},
		"a layer":       {func(m *Model) { change(&m.Network, func(net *backbone.ResNet) { net.StemReLU = !net.StemReLU }) }, false},
		"the size":      {func(m *Model) { m.Size = 32 }, false},
		"the mean":      {func(m *Model) { m.Mean[0] = 0 }, false},
		"the deviation": {func(m *Model) { m.Std[2] = 1 }, false},
		"its beginning": {func(m *Model) { change(&m.Network, func(net *backbone.ResNet) { net.NormalInit = !net.NormalInit }) }, true},
		"its story":     {func(m *Model) { m.Origin.File = "other" }, true},
		"its precision": {func(m *Model) { m.Precision = device.BF16 }, true},
	} {
		m := reference(t, "standard")
		test.change(m)
		if err := want.Match(origin(t, m)); (err == nil) != test.match {
			t.Errorf("%s: error %v, want it to match: %t", what, err, test.match)
		}
	}
	m := reference(t, "standard")
	change(&m.Network, func(net *backbone.ResNet) { net.Width = 8 })
	if _, err := m.FeaturesOrigin(); err == nil {
		t.Error("a model whose weights are not its backbone's has an origin")
	}
}
