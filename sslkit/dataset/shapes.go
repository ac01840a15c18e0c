package dataset

import (
	"context"
	"math/rand/v2"

	"github.com/gossl/gossl/sslkit/internal/mix"
	"github.com/gossl/gossl/sslkit/internal/par"
)

// ShapesSeed is the seed that [Load] draws Shapes with.
const ShapesSeed = 1

// shapesLimit is the most images a split of Shapes has: 3 GB of pixels.
const shapesLimit = 1_000_000

// The ranges that an image of Shapes is drawn from, each uniformly and
// independently of its class: turn these to make the data set easier or harder.
// Lengths are pixels unless they say otherwise; brightness goes from 0, black,
// to 1, white; chroma is the distance of red and of blue from the gray of the
// same brightness.
//
// Contrastive learning tells images apart by whatever two crops of one image
// share, and learns form only if form is the best of it. So what SimCLR's
// augmentation varies too (place, size, mirror image, brightness, contrast) is
// wide here. Colour, stretch and tilt, which it varies little or not at all,
// are drawn anew for every form in an image, so that they cannot tell it from
// another. What marks a whole image (hue and texture of the ground, clutter,
// noise) is faint.
const (
	shapeSize = 32 // height and width of an image

	// The lattice that the forms lie on.
	spacingMin, spacingMax = 11.0, 15.0 // between neighbours
	jitterMax              = 0.06       // of a form from its point, each way, in spacings

	// Each form.
	radiusMin, radiusMax = 0.38, 0.48 // in spacings
	stretchMax           = 1.15       // of width against height, either way
	tiltMax              = 0.4        // in radians, either way
	formChroma           = 0.25       // at most

	// The brightness of ground and forms.
	groundMin, groundMax     = 0.15, 0.85
	contrastMin, contrastMax = 0.45, 0.6 // between the ground and the form that differs most
	contrastLeast            = 0.7       // of a form, as a fraction of that

	// The ground, and what lies on it under the forms.
	groundChroma                 = 0.08      // at most
	gradientMax                  = 0.15      // change in brightness across the image
	waveMax                      = 0.03      // amplitude of the stripes' brightness
	wavelengthMin, wavelengthMax = 4.0, 16.0 // of the stripes
	clutterMax                   = 3         // number of specks
	speckMin, speckMax           = 0.6, 1.6  // radius of a speck
	speckContrast                = 0.15      // of a speck against the ground, either way
	noiseMax                     = 0.03      // standard deviation of each value, at most
)

// DrawShapes draws train training and test test images of 32×32 pixels, each a
// pattern that repeats one of ten forms. Classes differ in nothing but form:
// place, size, tilt, colours, ground and noise are drawn independently of it.
// The classes follow one another, so that the first images are balanced.
//
// An image depends on the seed, its split and its index alone: asking for more
// images does not change the first ones. They are drawn in parallel.
//
// It returns an error if train is less than 1, test is negative, or either is
// more than a million.
func DrawShapes(seed uint64, train, test int) (*Set, error) {
	if err := checkCount(Shapes, train, shapesLimit, test, shapesLimit); err != nil {
		return nil, err
	}
	return &Set{Name: Shapes, Train: drawSplit(seed, 0, train), Test: drawSplit(seed, 1, test)}, nil
}

// drawSplit draws the first n images of a split, on every processor.
func drawSplit(seed, split uint64, n int) *Images {
	images := newImages(n, shapeSize, shapeSize, formNames())
	// Nothing fails or is stopped: Do returns no error.
	_ = par.Do(context.Background(), n, func() func(int) error {
		var brush painter
		return func(i int) error {
			class := i % len(forms)
			images.Labels[i] = int32(class)
			brush.paint(images.At(i), forms[class].form, randomFor(seed, split, uint64(i)))
			return nil
		}
	})
	return images
}

// randomFor returns the source of randomness of image i of a split. The mix makes
// unrelated sequences of neighbouring numbers.
func randomFor(seed, split, i uint64) *rand.Rand {
	return rand.New(rand.NewPCG(mix.At(seed, 0)^split, mix.At(i, 0)))
}
