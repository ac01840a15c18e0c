package embedding

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// decaying are features whose columns become ever smaller, of a formula in whole numbers.
func decaying(n, dim int) *Set {
	s := &Set{Dim: dim}
	for i := range n {
		for d := range dim {
			s.Features = append(s.Features, float32(float64((i*i*31+d*d*17+i*d*7)%101)/101*math.Pow(0.8, float64(d))))
		}
	}
	return s
}

// The numbers are those of NumPy's and PyTorch's singular values in float64.
func TestRanksAgreeWithNumPy(t *testing.T) {
	for _, c := range []struct {
		n, dim                         int
		centred                        bool
		first, last, rankMe, effective float64
	}{
		{40, 12, false, 5.4577320912999205, 0.12450920503308692, 6.59520546221, 6.59518911271},
		{40, 12, true, 1.9457104448846574, 0.12448876095344125, 8.9420450741, 8.94202558481},
		{9, 12, false, 2.139630841361006, 0.07730432061318514, 5.55069365017, 5.55068513492},
		{9, 12, true, 1.0487910316922924, 0, 6.2443210075, 6.2443043143},
		{300, 40, false, 14.86756365297615, 0.0007357619630521661, 8.33445718036, 8.33427814899},
		{300, 40, true, 5.2929643487019185, 0.0007353161289794161, 11.8060359376, 11.8057973322},
	} {
		values, err := Spectrum(decaying(c.n, c.dim), c.centred)
		if err != nil {
			t.Fatal(err)
		}
		if len(values) != min(c.n, c.dim) {
			t.Errorf("%+v: %d values", c, len(values))
		}
		for _, pair := range [][2]float64{
			{values[0], c.first}, {values[len(values)-1], c.last}, {RankMe(values), c.rankMe}, {EffectiveRank(values), c.effective},
		} {
			if math.Abs(pair[0]-pair[1]) > 1e-10*max(1, pair[1]) {
				t.Errorf("%+v: got %.12g, want %.12g", c, pair[0], pair[1])
			}
		}
	}
}

// Products are sums over parts of the rows and blocks of the columns.
func TestProductsAgreeWithLoops(t *testing.T) {
	for _, shape := range [][2]int{{2500, 140}, {140, 2500}} {
		s := decaying(shape[0], shape[1])
		mean := make([]float64, s.Dim)
		for d := range mean {
			mean[d] = 0.3 / float64(d+1)
		}
		got := products(s, mean)
		random := rand.New(rand.NewPCG(1, 0))
		for range 300 {
			a, b := random.IntN(140), random.IntN(140)
			want := 0.0
			for k := range 2500 {
				if shape[1] == 140 {
					want += (float64(s.Row(k)[a]) - mean[a]) * (float64(s.Row(k)[b]) - mean[b])
				} else {
					want += (float64(s.Row(a)[k]) - mean[k]) * (float64(s.Row(b)[k]) - mean[k])
				}
			}
			if math.Abs(got.At(a, b)-want) > 1e-9 {
				t.Fatalf("%v: product %d, %d is %g, want %g", shape, a, b, got.At(a, b), want)
			}
		}
	}
}

func TestRanksOfKnownSpectra(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{2, 2, 2, 2}, 4},
		{[]float64{7, 0, 0}, 1},
		{[]float64{0, 0}, 0},
		{nil, 0},
		{[]float64{2, 1, 1}, math.Exp(1.5 * math.Ln2)}, // −½ ln ½ − 2·¼ ln ¼
	} {
		if got := EffectiveRank(c.values); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v: effective rank %g, want %g", c.values, got, c.want)
		}
		if got := RankMe(c.values); math.Abs(got-c.want) > 2e-5 {
			t.Errorf("%v: RankMe %g, want about %g", c.values, got, c.want)
		}
	}
}

// Of features that are all the same nothing is left but rounding, whatever they are.
func TestSpectrumOfOneFeature(t *testing.T) {
	s := &Set{Dim: 3}
	for range 1000 {
		s.Features = append(s.Features, 0.1, 1234.5, -1e-3)
	}
	centred, err := Spectrum(s, true)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := Spectrum(s, false)
	if err != nil {
		t.Fatal(err)
	}
	if EffectiveRank(centred) != 0 || EffectiveRank(plain) != 1 || math.Abs(plain[0]/math.Sqrt(1000)/1234.5-1) > 1e-6 {
		t.Errorf("singular values %g, centred %g", plain, centred)
	}
}

func TestSpectrumOfNoSet(t *testing.T) {
	s := decaying(4, 3)
	s.Features[5] = float32(math.NaN())
	if _, err := Spectrum(s, true); err == nil || !strings.Contains(err.Error(), "image 1: feature 2 is NaN") {
		t.Errorf("error %v", err)
	}
}
