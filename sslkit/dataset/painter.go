package dataset

import (
	"math"
	"math/rand/v2"
)

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
