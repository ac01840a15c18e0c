package dataset

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Facts are what is known of a data set before it is read.
type Facts struct {
	Name          Name
	Title         string   // as pages write it: "CIFAR-10"
	Height, Width int      // of an image, in pixels; of images of several sizes, those that many have
	Train, Test   int      // how many images there are; of Shapes, of which there are any number, how many recipes take
	Classes       []string // the name of each class
	Mixed         bool     // images have several sizes
}

// About tells about a data set that recipes can ask for. Of any other it knows the
// name alone, which is the title then.
func About(name Name) (facts Facts, known bool) {
	k, err := find(name)
	if err != nil {
		return Facts{Name: name, Title: string(name)}, false
	}
	facts = k.Facts
	facts.Classes = slices.Clone(facts.Classes)
	return facts, true
}

// Names are the data sets that recipes can ask for.
func Names() []Name {
	names := make([]Name, len(sets))
	for i, k := range sets {
		names[i] = k.Name
	}
	return names
}

// ImageNet returns the mean and the standard deviation of red, green and blue in the
// photographs of ImageNet, from 0 to 1. The field's networks expect colours that are
// normalised by them, whatever their images.
func ImageNet() (mean, std [3]float64) {
	return [3]float64{0.485, 0.456, 0.406}, [3]float64{0.229, 0.224, 0.225}
}

// A known data set is one that recipes can ask for.
type known struct {
	Facts
	load    func(ctx context.Context, train, test int, progress Progress) (*Set, error)
	archive *archive // nil: there is nothing to fetch
}

var sets = []known{
	{
		Facts{CIFAR10, "CIFAR-10", cifarSize, cifarSize, cifarFile * len(cifarTrain), cifarFile * len(cifarTest), cifarClasses, false},
		func(_ context.Context, train, test int, _ Progress) (*Set, error) {
			return ReadCIFAR10(Dir(), train, test)
		},
		&cifarOfficial,
	},
	{
		Facts{Imagenette, "ImageNette", 160, 213, 9_469, 3_925, imagenetteNames(), true},
		func(ctx context.Context, train, test int, progress Progress) (*Set, error) {
			return ReadImagenette(ctx, Dir(), train, test, progress)
		},
		&imagenetteOfficial,
	},
	{
		Facts{Shapes, "Shapes", shapeSize, shapeSize, 5_000, 1_000, formNames(), false},
		func(_ context.Context, train, test int, _ Progress) (*Set, error) {
			return DrawShapes(ShapesSeed, train, test)
		},
		nil,
	},
}

// find returns the data set of a name. The error names those that there are.
func find(name Name) (known, error) {
	var names []string
	for _, k := range sets {
		if k.Name == name {
			return k, nil
		}
		names = append(names, fmt.Sprintf("%q", k.Name))
	}
	last := len(names) - 1
	return known{}, fmt.Errorf("no data set is called %q; there are %s and %s", name, strings.Join(names[:last], ", "), names[last])
}
