package dataset

import (
	"path/filepath"
	"testing"
)

func TestDir(t *testing.T) {
	for _, test := range []struct{ data, home, share, user, want string }{
		{"/d", "/h", "/s", "/u", "/d"},
		{"", "/h", "/s", "/u", "/h/data"},
		{"", "", "/s", "/u", "/s/sslkit/data"},
		{"", "", "", "/u", "/u/.local/share/sslkit/data"},
	} {
		t.Setenv("SSLKIT_DATA", test.data)
		t.Setenv("SSLKIT_HOME", test.home)
		t.Setenv("XDG_DATA_HOME", test.share)
		t.Setenv("HOME", test.user)
		if got := Dir(); got != filepath.FromSlash(test.want) {
			t.Errorf("%+v: got %s", test, got)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	for _, test := range []struct {
		name        Name
		train, test int
		want        string
	}{
		{"cifar", 1, 1, `dataset: Load: no data set is called "cifar"; there are "cifar10" and "shapes"`},
		{CIFAR10, 0, 1, "dataset: cifar10: 0 training images asked for, want 1 to 50000"},
		{CIFAR10, -1, 1, "dataset: cifar10: -1 training images asked for, want 1 to 50000"},
		{CIFAR10, 50_001, 1, "dataset: cifar10: 50001 training images asked for, there are 50000"},
		{CIFAR10, 1, -2, "dataset: cifar10: -2 test images asked for, want 0 to 10000"},
		{CIFAR10, 1, 10_001, "dataset: cifar10: 10001 test images asked for, there are 10000"},
		{Shapes, 0, 1, "dataset: shapes: 0 training images asked for, want 1 to 1000000"},
		{Shapes, 1, 1_000_001, "dataset: shapes: 1000001 test images asked for, there are 1000000"},
	} {
		set, err := Load(test.name, test.train, test.test)
		if err == nil || err.Error() != test.want || set != nil {
			t.Errorf("Load(%s, %d, %d): got error %v, want %s", test.name, test.train, test.test, err, test.want)
		}
	}
}

func TestImages(t *testing.T) {
	images := newImages(2, 2, 3, []string{"only"})
	for i := range images.Pixels {
		images.Pixels[i] = uint8(i)
	}
	second := images.At(1)
	if len(second) != 18 || cap(second) != 18 || second[0] != 18 {
		t.Errorf("At(1) has length %d, capacity %d and starts with %d, want 18, 18 and 18", len(second), cap(second), second[0])
	}
	second[0] = 99
	if images.Pixels[18] != 99 {
		t.Error("At copies")
	}
	picture := images.NRGBA(1)
	if size := picture.Bounds().Size(); size.X != 3 || size.Y != 2 {
		t.Errorf("the picture's size is %v, want 3×2", size)
	}
	// The pixel at x 2, y 1 is the last.
	if got := picture.NRGBAAt(2, 1); got.R != 33 || got.G != 34 || got.B != 35 || got.A != 255 {
		t.Errorf("the last pixel is %v, want {33 34 35 255}", got)
	}
}
