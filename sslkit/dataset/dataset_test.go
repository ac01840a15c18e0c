package dataset

import (
	"testing"
)

func TestLoadErrors(t *testing.T) {
	for _, test := range []struct {
		name        Name
		train, test int
		want        string
	}{
		{"cifar", 1, 1, `dataset: Load: no data set is called "cifar"; there are "cifar10", "imagenette" and "shapes", and Folder reads images of your own`},
		{CIFAR10, 0, 1, "dataset: cifar10: 0 training images asked for, want 1 to 50000"},
		{CIFAR10, -1, 1, "dataset: cifar10: -1 training images asked for, want 1 to 50000"},
		{CIFAR10, 50_001, 1, "dataset: cifar10: 50001 training images asked for, there are 50000"},
		{CIFAR10, 1, -2, "dataset: cifar10: -2 test images asked for, want 0 to 10000"},
		{CIFAR10, 1, 10_001, "dataset: cifar10: 10001 test images asked for, there are 10000"},
		{Shapes, 0, 1, "dataset: shapes: 0 training images asked for, want 1 to 1000000"},
		{Shapes, 1, 1_000_001, "dataset: shapes: 1000001 test images asked for, there are 1000000"},
	} {
		set, err := Load(t.Context(), test.name, test.train, test.test, nil)
		if err == nil || err.Error() != test.want || set != nil {
			t.Errorf("Load(%s, %d, %d): got error %v, want %s", test.name, test.train, test.test, err, test.want)
		}
	}
}
