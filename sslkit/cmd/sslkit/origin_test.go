package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/pretrained"
	"github.com/gossl/gossl/sslkit/store"
)

// Another picture is compared with features of the same network only, in every format.
func TestSearchWithAnotherNetwork(t *testing.T) {
	net := backbone.ResNet{Width: 4, Blocks: []int{1}, Splits: 1}
	trained, other := untrained(t, net), filepath.Join(t.TempDir(), "other.safetensors")
	model, err := pretrained.Load(trained)
	if err != nil {
		t.Fatal(err)
	}
	model.Size = 16 // the same weights for other images
	if err := model.WriteSafetensors(other); err != nil {
		t.Fatal(err)
	}
	net.StemReLU = true // other layers
	another := untrained(t, net)
	set, err := dataset.DrawShapes(3, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	picture := filepath.Join(t.TempDir(), "picture.png")
	savePNG(t, picture, set.Train.NRGBA(0))
	for _, extension := range []string{".parquet", ".csv", ".npy"} {
		path := filepath.Join(t.TempDir(), "shapes"+extension)
		if _, _, err := run(t, "embed", trained, "--images", "shapes", "--limit", "20", "--out", path, "--device", "go"); err != nil {
			t.Fatal(err)
		}
		s, err := store.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if o := s.Origin; o == nil || o.Data != "shapes test, the first 20" || o.Size != 32 || o.Images == "" || !strings.HasPrefix(o.Network, "ResNet-4 of width 4") {
			t.Errorf("%s: origin %+v", extension, o)
		}
		search := func(by string) (string, string, error) {
			return run(t, "search", path, "--query", picture, "--run", by, "-k", "1", "--device", "go")
		}
		if out, said, err := search(trained); err != nil || !strings.Contains(out, "similarity") || strings.Contains(said, "not checked") {
			t.Errorf("%s: the same network: %q, said %q, error %v", extension, out, said, err)
		}
		for by, want := range map[string]string{
			another: "features of different networks cannot be compared: some are of",
			other:   "features of differently prepared images cannot be compared: some are of 32×32 pixels",
		} {
			out, _, err := search(by)
			if err == nil || out != "" || !strings.Contains(err.Error(), "--run "+by+" is not what made the features of "+path) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: printed %q, error %v, want %q", extension, out, err, want)
			}
		}

		s.Origin = nil // as older versions wrote it
		old := filepath.Join(t.TempDir(), "old"+extension)
		if err := store.Write(old, s); err != nil {
			t.Fatal(err)
		}
		path = old
		if out, said, err := search(another); err != nil || !strings.Contains(out, "similarity") || !strings.Contains(said, old+" does not say what made its features") {
			t.Errorf("%s: an old file: %q, said %q, error %v", extension, out, said, err)
		}
	}
}
