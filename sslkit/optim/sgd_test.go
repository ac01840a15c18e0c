package optim_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

func TestSGDValidate(t *testing.T) {
	good := optim.SGD{Momentum: 0.9, Nesterov: true, WeightDecay: schedule.Constant(5e-4)}
	for _, c := range []struct {
		change func(s *optim.SGD)
		want   string // part of the error, "" for none
	}{
		{func(s *optim.SGD) {}, ""},
		{func(s *optim.SGD) { *s = optim.SGD{} }, ""},
		{func(s *optim.SGD) { s.Momentum = 1 }, "momentum 1"},
		{func(s *optim.SGD) { s.Momentum = -0.1 }, "momentum -0.1"},
		{func(s *optim.SGD) { s.Momentum = math.NaN() }, "momentum NaN"},
		{func(s *optim.SGD) { s.Momentum = 0 }, "nesterov"},
	} {
		s := good
		c.change(&s)
		err := s.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want one about %q", s, err, c.want)
		}
	}
}
