package dataset

import (
	"context"
	"math"
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

// A painter draws one image after another; it keeps the canvas between them.
type painter struct {
	canvas [shapeSize][shapeSize]colour // [row, column]
}

// A colour is R, G and B, each from 0 to 1 once it is shown.
type colour [3]float64

// paint draws a pattern of one form into pixels, [shapeSize, shapeSize, 3].
func (p *painter) paint(pixels []uint8, f form, random *rand.Rand) {
	ground := between(random, groundMin, groundMax)
	contrast := between(random, contrastMin, contrastMax)
	if ground > 0.5 { // there is more room for dark forms than for light ones
		contrast = -contrast
	}
	p.ground(ground, random)
	for range random.IntN(clutterMax + 1) {
		p.speck(ground, random)
	}
	p.pattern(f, ground, contrast, random)
	p.develop(pixels, random)
}

// ground covers the canvas with a gradient between two colours of about the
// given brightness, and stripes across it.
func (p *painter) ground(brightness float64, random *rand.Rand) {
	one, other := tint(brightness, groundChroma, random), tint(brightness, groundChroma, random)
	slope := newRamp(random, shapeSize)
	steepness := between(random, 0, gradientMax)
	stripes := newRamp(random, between(random, wavelengthMin, wavelengthMax)/(2*math.Pi))
	phase := between(random, 0, 2*math.Pi)
	amplitude := between(random, 0, waveMax)
	for row := range p.canvas {
		for column := range p.canvas[row] {
			x, y := centred(column), centred(row)
			t := slope.at(x, y)
			light := steepness*t + amplitude*math.Sin(stripes.at(x, y)+phase)
			weight := min(max(0.5+t, 0), 1)
			for c := range one {
				p.canvas[row][column][c] = one[c] + weight*(other[c]-one[c]) + light
			}
		}
	}
}

// speck puts a small disc of about the ground's brightness anywhere.
func (p *painter) speck(ground float64, random *rand.Rand) {
	paint := tint(ground+between(random, -speckContrast, speckContrast), groundChroma, random)
	x0, y0 := between(random, -shapeSize/2, shapeSize/2), between(random, -shapeSize/2, shapeSize/2)
	radius := between(random, speckMin, speckMax)
	p.cover(x0, y0, radius, paint, func(x, y float64) float64 {
		return math.Sqrt(x*x+y*y) - radius
	})
}

// pattern repeats the form at the points of a square lattice that lies anyhow
// over the canvas. The forms are lighter than the ground by contrast, which may
// be negative; in everything else each differs from the next.
func (p *painter) pattern(f form, ground, contrast float64, random *rand.Rand) {
	spacing := between(random, spacingMin, spacingMax)
	lattice := newRamp(random, 1/spacing)
	shiftX, shiftY := random.Float64(), random.Float64()
	reach := int(shapeSize/spacing) + 1
	for i := -reach; i <= reach; i++ {
		for j := -reach; j <= reach; j++ {
			u := float64(i) + shiftX + between(random, -jitterMax, jitterMax)
			v := float64(j) + shiftY + between(random, -jitterMax, jitterMax)
			x, y := u*lattice.x-v*lattice.y, u*lattice.y+v*lattice.x
			paint := tint(ground+contrast*between(random, contrastLeast, 1), formChroma, random)
			p.form(f, x, y, spacing*between(random, radiusMin, radiusMax), paint, random)
		}
	}
}

// form draws one form around (x0, y0).
func (p *painter) form(f form, x0, y0, radius float64, paint colour, random *rand.Rand) {
	stretch := math.Pow(stretchMax, between(random, -0.5, 0.5))
	width, height := radius*stretch, radius/stretch
	if random.Float64() < 0.5 {
		width = -width // a mirror image
	}
	sin, cos := math.Sincos(between(random, -tiltMax, tiltMax))
	p.cover(x0, y0, formReach*stretchMax*radius, paint, func(x, y float64) float64 {
		return f((cos*x+sin*y)/width, (cos*y-sin*x)/height) * radius
	})
}

// cover lays paint over a shape within the square around (x0, y0) that extends
// reach each way. The shape gives its signed distance from a place relative to
// (x0, y0); a pixel that the outline crosses becomes a mixture.
func (p *painter) cover(x0, y0, reach float64, paint colour, shape func(x, y float64) float64) {
	firstRow, lastRow := span(y0, reach)
	firstColumn, lastColumn := span(x0, reach)
	for row := firstRow; row <= lastRow; row++ {
		for column := firstColumn; column <= lastColumn; column++ {
			distance := shape(centred(column)-x0, centred(row)-y0)
			weight := min(max(0.5-distance, 0), 1)
			under := &p.canvas[row][column]
			for c := range under {
				under[c] += weight * (paint[c] - under[c])
			}
		}
	}
}

// span returns the first and last row or column that lies within reach of a
// place, and a pixel more; first is after last if there is none.
func span(place, reach float64) (first, last int) {
	middle := place + (shapeSize-1)/2.0
	return max(int(math.Floor(middle-reach)), 0), min(int(math.Ceil(middle+reach)), shapeSize-1)
}

// develop adds noise to the canvas and rounds it to pixels. Eight random bytes
// have a sum close enough to normal.
func (p *painter) develop(pixels []uint8, random *rand.Rand) {
	const (
		bytes     = 8
		middle    = bytes * 255.0 / 2
		deviation = 209.01355 // sqrt(bytes * (256² - 1) / 12)
	)
	scale := 255 * between(random, 0, noiseMax) / deviation
	i := 0
	for row := range p.canvas {
		for _, colour := range p.canvas[row] {
			for _, value := range colour {
				value = value*255 + scale*(byteSum(random.Uint64())-middle)
				pixels[i] = uint8(min(max(value, 0), 255) + 0.5)
				i++
			}
		}
	}
}

// byteSum returns the sum of the eight bytes of x.
func byteSum(x uint64) float64 {
	const low = 0x00ff00ff00ff00ff
	x = x&low + x>>8&low             // four sums of 16 bits
	x = x * 0x0001000100010001 >> 48 // their sum, at most 2040
	return float64(x)
}

// tint returns a colour of the given brightness with a random hue and a chroma
// of at most chromaMax. Its brightness, 0.299 R + 0.587 G + 0.114 B, is that
// of its grayscale image.
func tint(brightness, chromaMax float64, random *rand.Rand) colour {
	sin, cos := math.Sincos(between(random, 0, 2*math.Pi))
	chroma := chromaMax * math.Sqrt(random.Float64())
	red, blue := chroma*cos, chroma*sin
	return colour{brightness + red, brightness - (0.299*red+0.114*blue)/0.587, brightness + blue}
}

// A ramp is a linear function of place: 0 at the origin, rising by 1 over a
// length in some direction.
type ramp struct{ x, y float64 }

func newRamp(random *rand.Rand, length float64) ramp {
	sin, cos := math.Sincos(between(random, 0, 2*math.Pi))
	return ramp{cos / length, sin / length}
}

func (r ramp) at(x, y float64) float64 { return r.x*x + r.y*y }

// centred returns the place of a row's or column's middle, with the middle of
// the image at 0.
func centred(index int) float64 { return float64(index) - (shapeSize-1)/2.0 }

// between returns a random number from low to high.
func between(random *rand.Rand, low, high float64) float64 {
	return low + (high-low)*random.Float64()
}

// A form is a figure in the plane, x to the right and y down, about the size
// of the unit disc. It returns the signed distance from (x, y) to its outline,
// negative inside; far from the outline and around corners the distance may be
// an underestimate, which antialiasing does not notice.
type form func(x, y float64) float64

// formReach is the distance from the origin beyond which no form has a point.
const formReach = 1.2

// forms are the classes of [Shapes]. No two agree after a rotation, a mirror
// image, a shift or a change of size.
var forms = []struct {
	name string
	form form
}{
	{"disc", disc},
	{"ring", ring},
	{"square", square},
	{"triangle", triangle},
	{"cross", cross},
	{"star", star},
	{"crescent", crescent},
	{"heart", heart},
	{"bowtie", bowtie},
	{"bars", bars},
}

// formNames are the names of the classes.
func formNames() []string {
	names := make([]string, len(forms))
	for class, f := range forms {
		names[class] = f.name
	}
	return names
}

func disc(x, y float64) float64 { return math.Sqrt(x*x+y*y) - 0.88 }

func ring(x, y float64) float64 { return math.Abs(math.Sqrt(x*x+y*y)-0.72) - 0.21 }

func square(x, y float64) float64 { return box(x, y, 0.78, 0.78) }

// triangle is equilateral: three half planes, each at distance 0.55.
func triangle(x, y float64) float64 {
	y -= 0.15 // the middle of its height, not its centroid, is at the origin
	return math.Max(y, 0.5*math.Sqrt(3)*math.Abs(x)-0.5*y) - 0.55
}

func cross(x, y float64) float64 {
	return math.Min(box(x, y, 0.95, 0.29), box(x, y, 0.29, 0.95))
}

// star has five points. Folding the plane into one half of one point leaves a
// single edge, from the tip at radius outer to the notch at radius inner.
func star(x, y float64) float64 {
	const (
		outer, inner = 1.06, 0.46
		wedge        = 2 * math.Pi / 5
	)
	r := math.Sqrt(x*x + y*y)
	angle := math.Atan2(x, -y) // 0 at the upper tip
	angle = math.Abs(angle - wedge*math.Round(angle/wedge))
	px, py := r*math.Sin(angle), r*math.Cos(angle)
	notchX, notchY := inner*math.Sin(wedge/2), inner*math.Cos(wedge/2)
	edgeX, edgeY := notchX, notchY-outer
	length := math.Sqrt(edgeX*edgeX + edgeY*edgeY)
	return (edgeX*(py-outer) - edgeY*px) / length
}

// crescent is a disc less a smaller one that is shifted to the right.
func crescent(x, y float64) float64 {
	x -= 0.15
	bite := math.Sqrt((x-0.42)*(x-0.42)+y*y) - 0.68
	return math.Max(math.Sqrt(x*x+y*y)-0.95, -bite)
}

// heart is two discs over a square that stands on a corner.
func heart(x, y float64) float64 {
	const (
		half = 0.53 // half a side of the square; the discs have the same radius
		side = half * math.Sqrt2
	)
	y -= 0.05
	x = math.Abs(x)
	// In the square's own axes u and v its lower corner is at (half, half).
	u, v := (x+y)/math.Sqrt2, (y-x)/math.Sqrt2
	lobe := math.Sqrt((x-side/2)*(x-side/2)+(y+side/2)*(y+side/2)) - half
	return math.Min(lobe, box(u, v, half, half))
}

// bowtie is two triangles that meet at the origin.
func bowtie(x, y float64) float64 {
	const slope = 0.8
	side := (math.Abs(y) - slope*math.Abs(x) - 0.05) / math.Sqrt(1+slope*slope)
	return math.Max(side, math.Abs(x)-0.9)
}

// bars is two parallel bars.
func bars(x, y float64) float64 { return box(x, math.Abs(y)-0.5, 0.88, 0.25) }

// box is a rectangle around the origin, with half its sides' lengths.
func box(x, y, halfWidth, halfHeight float64) float64 {
	return math.Max(math.Abs(x)-halfWidth, math.Abs(y)-halfHeight)
}
