package show

import (
	"math"
	"slices"
	"testing"
)

// must is for values whose errors no test is about.
func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// rings are points around the middles of classes that lie on an ellipse.
func rings(n, classes int) (points [][]float64, labels []int32) {
	for i := range n {
		at := 2 * math.Pi * float64(i%classes) / float64(classes)
		turn, far := 2.4*float64(i), math.Sqrt(float64(i)/float64(n)) // a sunflower's angle
		points = append(points, []float64{5*math.Cos(at) + far*math.Cos(turn), 3*math.Sin(at) + far*math.Sin(turn)})
		labels = append(labels, int32(i%classes))
	}
	return points, labels
}

// guesses are true classes, and predictions of which every fourth is the next class.
func guesses(n int, names []string) (truth, predicted []int32, classes []string) {
	k := int32(len(names))
	for i := range int32(n) {
		truth, predicted = append(truth, i%k), append(predicted, i%k)
		if i%4 == 3 {
			predicted[i] = (i + 1) % k
		}
	}
	return truth, predicted, names
}

// waveMatrix has ones on its diagonal, and waves beside it.
func waveMatrix(n int) []float32 {
	values := make([]float32, n*n)
	for i := range values {
		row, column := i/n, i%n
		values[i] = float32(0.5 * math.Sin(float64(row-column)/3) * math.Cos(float64(row)/5))
		if row == column {
			values[i] = 1
		}
	}
	return values
}

func TestTicks(t *testing.T) {
	for _, c := range []struct {
		ticks     ticks
		low, high float64
		want      []string
	}{
		{ticks{most: 6}, 0, 1, []string{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}},
		{ticks{most: 8}, 0, 0.3, []string{"0.00", "0.05", "0.10", "0.15", "0.20", "0.25", "0.30"}},
		{ticks{most: 4}, -1, 1, []string{"−1.0", "−0.5", "0.0", "0.5", "1.0"}},
		{ticks{most: 6}, 0.97, 1.04, []string{"0.98", "1.00", "1.02", "1.04"}},
		{ticks{most: 8, whole: true}, 0, 2, []string{"0", "1", "2"}},
		{ticks{most: 8, whole: true}, 0, 800, []string{"0", "100", "200", "300", "400", "500", "600", "700", "800"}},
		{ticks{most: 4}, 0, 2e7, []string{"0", "5e+06", "1e+07", "1.5e+07", "2e+07"}},
		{ticks{most: 3}, 1e-8, 3e-8, []string{"1e−08", "2e−08", "3e−08"}},
		{ticks{most: 3}, 1, 1, nil},
		{ticks{most: 3}, math.Inf(-1), 1, nil},
		{ticks{most: 3}, 0, math.NaN(), nil},
	} {
		var got []string
		for _, mark := range c.ticks.Ticks(c.low, c.high) {
			got = append(got, mark.Label)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v from %g to %g: %q, want %q", c.ticks, c.low, c.high, got, c.want)
		}
	}
}
