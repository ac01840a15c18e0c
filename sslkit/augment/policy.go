package augment

import (
	"fmt"
	"math"
)

// A Policy is how one view is drawn from an image. It is a plain value and
// every field counts: zero means zero, not a default.
//
// The steps are, in this order: random crop, resize, flip, colour jitter,
// grayscale, blur, solarize, normalisation. Each image draws for itself.
type Policy struct {
	Size  int        `json:"size"`  // side of the square view, pixels
	Scale [2]float64 `json:"scale"` // bounds of the crop's area, as a fraction of the image
	Ratio [2]float64 `json:"ratio"` // bounds of the crop's width over its height
	Cubic bool       `json:"cubic"` // the crop is resized with a cubic filter, sharper than the usual triangle

	FlipP float64 `json:"flip_p"` // probability of mirroring left to right

	JitterP    float64 `json:"jitter_p"`   // probability of colour jitter: the next four, in random order
	Brightness float64 `json:"brightness"` // s: the factor is uniform in [max(0, 1−s), 1+s]
	Contrast   float64 `json:"contrast"`   // likewise
	Saturation float64 `json:"saturation"` // likewise
	Hue        float64 `json:"hue"`        // h: the shift is uniform in [−h, h], in turns of the colour wheel

	GrayscaleP float64 `json:"grayscale_p"` // probability of dropping the colour

	BlurP      float64    `json:"blur_p"`      // probability of Gaussian blur
	BlurSigma  [2]float64 `json:"blur_sigma"`  // bounds of its standard deviation σ, pixels of the view; uniform
	BlurKernel float64    `json:"blur_kernel"` // if not 0, σ is drawn from this instead: see [Policy.Blurred2021]

	SolarizeP     float64 `json:"solarize_p"`     // probability of inverting all values from 128/255 on
	SolarizeFirst bool    `json:"solarize_first"` // before the blur, as VICReg does

	Mean [3]float64 `json:"mean"` // subtracted from red, green, blue in [0, 1]
	Std  [3]float64 `json:"std"`  // divides what is left
}

// Validate reports the first field that makes no sense.
func (p Policy) Validate() error {
	wrong := func(field string, value any, want string) error {
		return fmt.Errorf("augment: policy: %s is %v, want %s", field, value, want)
	}
	if p.Size < 1 {
		return wrong("size", p.Size, "at least 1")
	}
	if s := p.Scale; !(0 < s[0] && s[0] <= s[1] && s[1] <= 1) {
		return wrong("scale", s, "0 < lower ≤ upper ≤ 1")
	}
	if r := p.Ratio; !(0 < r[0] && r[0] <= r[1] && finite(r[1])) {
		return wrong("ratio", r, "0 < lower ≤ upper")
	}
	for _, f := range []struct {
		name         string
		value, upper float64
	}{
		{"flip_p", p.FlipP, 1},
		{"jitter_p", p.JitterP, 1},
		{"brightness", p.Brightness, math.MaxFloat64},
		{"contrast", p.Contrast, math.MaxFloat64},
		{"saturation", p.Saturation, math.MaxFloat64},
		{"hue", p.Hue, 0.5},
		{"grayscale_p", p.GrayscaleP, 1},
		{"blur_p", p.BlurP, 1},
		{"blur_kernel", p.BlurKernel, float64(p.Size)},
		{"solarize_p", p.SolarizeP, 1},
	} {
		if !(0 <= f.value && f.value <= f.upper) {
			want := "a finite number from 0 on"
			if f.upper < math.MaxFloat64 {
				want = fmt.Sprintf("a number from 0 to %g", f.upper)
			}
			return wrong(f.name, f.value, want)
		}
	}
	if s := p.BlurSigma; !(0 <= s[0] && s[0] <= s[1] && finite(s[1])) {
		return wrong("blur_sigma", s, "0 ≤ lower ≤ upper")
	}
	if p.BlurSigma[1] > 0 && p.BlurKernel > 0 {
		return wrong("blur_kernel", p.BlurKernel, "0 where blur_sigma is given")
	}
	if p.BlurP > 0 && p.BlurSigma[1] == 0 && p.BlurKernel == 0 {
		return wrong("blur_p", p.BlurP, "0, or blur_sigma or blur_kernel")
	}
	for c := range 3 {
		if !(0 <= p.Mean[c] && p.Mean[c] <= 1) {
			return wrong("mean", p.Mean, "numbers from 0 to 1, as colours are"+of255(p.Mean))
		}
		if !(0 < p.Std[c] && p.Std[c] <= 1) {
			return wrong("std", p.Std, "positive numbers up to 1, for colours from 0 to 1"+of255(p.Std))
		}
	}
	return nil
}

// of255 goes on after what is wanted, where numbers look as if colours were from
// 0 to 255.
func of255(numbers [3]float64) string {
	for i, x := range numbers {
		if !(0 <= x && x <= 255) {
			return ""
		}
		numbers[i] = math.Round(x/255*1e4) / 1e4
	}
	if max(numbers[0], numbers[1], numbers[2]) <= 1/255. {
		return ""
	}
	return fmt.Sprintf("; of colours from 0 to 255 that is %v", numbers)
}

// Level is the brightness, from 0 to 255, that a normalised value of a channel (0 is red)
// stands for. What is darker or brighter than possible stops at the end.
func (p Policy) Level(value float32, channel int) uint8 {
	x := float64(value)*p.Std[channel] + p.Mean[channel]
	return uint8(math.Round(255 * min(max(x, 0), 1)))
}

// filter is how crops are resized.
func (p Policy) filter() filter { return filter(p.Cubic) }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
