package bench

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/sslkit/recipe"
)

// A row is found by its ID, whatever its size, and so is one that differs from a row by what an ID says in words.
func TestNamedIsTheInverseOfID(t *testing.T) {
	rows := recipe.Published()
	changed, err := recipe.CIFAR10("BYOL")
	if err != nil {
		t.Fatal(err)
	}
	changed.Seed, changed.Epochs = 7, 3
	changed = Scale{TrainImages: 1000, TestImages: 10, Width: 8, Precision: "f32"}.apply(changed)
	for _, want := range append(rows, changed) {
		got, err := Named(ID(want))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n%s", ID(want), err, recipe.Diff(want, got))
		}
	}
}

func TestNamedByPartOfAName(t *testing.T) {
	for name, want := range map[string]string{
		"SimCLR":                "cifar10-lightly2023-SimCLR-b512-e200-s0",
		"byol-b128":             "cifar10-lightly2023-BYOL-b128-e200-s0",
		"imagenette-MoCo":       "imagenette-lightly2023-MoCo-b256-e200-s0",
		"seed2021-SimSiam-e800": "cifar10-seed2021-SimSiam-b512-e800-s0",
		"lightlyHEAD-FroSSL":    "cifar10-lightlyHEAD-FroSSL-b512-e200-s0",
		"BarlowTwins-f32-s3":    "cifar10-lightly2023-BarlowTwins-b512-e200-s3-f32",
	} {
		r, err := Named(name)
		if err != nil || ID(r) != want {
			t.Errorf("%s is %s, %v, want %s", name, ID(r), err, want)
		}
	}
	shapes, err := recipe.Shapes("NNCLR")
	if err != nil {
		t.Fatal(err)
	}
	if r, err := Named("shapes-NNCLR"); err != nil || !reflect.DeepEqual(r, shapes) {
		t.Errorf("shapes-NNCLR: %v\n%s", err, cmp.Diff(shapes.Name, r.Name))
	}
}

func TestNamesThatAreNone(t *testing.T) {
	for name, want := range map[string]string{
		"":                    `"" is no data set, preset, method or size`,
		"SimCLR-":             `"" is no data set`,
		"SimClear":            `"SimClear" is no data set`,
		"cifar10":             "want one method of MoCo, SimCLR",
		"SimCLR-BYOL":         "want one method of MoCo, SimCLR",
		"SimCLR-b0":           `"b0" is no data set`,
		"SimCLR-b":            `"b" is no data set`,
		"SimCLR-b12x":         `"b12x" is no data set`,
		"SimCLR-s":            `"s" is no data set`,
		"SimCLR-ü":            `"ü" is no data set`,
		"MoCo-b100":           "multiple of the backbone's 8 splits",
		"shapes-SimCLR-b64":   "has one size and no preset: want shapes-SimCLR",
		"FroSSL":              `no recipe "lightly2023" for "FroSSL"`,
		"seed2021-DCL":        "want as method one of MoCo, SimCLR",
		"imagenette-DCL-b-1":  `"b" is no data set`,
		"SimCLR-b512-b128":    `"b512" and "b128": want one of them`,
		"shapes-cifar10-BYOL": `"shapes" and "cifar10": want one of them`,
	} {
		if _, err := Named(name); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"`+name+`"`) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
}
