package dataset

import "math"

// MeanStd returns the mean and the standard deviation of the red, green and blue
// of all pixels, where 0 is black and 1 is full: what an augmentation's Mean and
// Std may be for images that differ much from photographs. Both are 0 if there
// are no images. It looks at every pixel.
func (m *Images) MeanStd() (mean, std [3]float64) {
	var sum, squares [3]float64 // of levels from 0 to 255
	pixels := 0
	for i := range m.Len() {
		levels := m.At(i)
		pixels += len(levels) / 3
		var s, q [3]uint64 // exact, as 100 million pixels are
		for p := 0; p < len(levels); p += 3 {
			for c := range 3 {
				level := uint64(levels[p+c])
				s[c] += level
				q[c] += level * level
			}
		}
		for c := range 3 {
			sum[c] += float64(s[c])
			squares[c] += float64(q[c])
		}
	}
	if pixels == 0 {
		return mean, std
	}
	for c := range 3 {
		level := sum[c] / float64(pixels)
		mean[c] = level / 255
		std[c] = math.Sqrt(max(0, squares[c]/float64(pixels)-level*level)) / 255
	}
	return mean, std
}
