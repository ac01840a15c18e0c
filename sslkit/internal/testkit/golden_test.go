package testkit

import (
	"math"
	"testing"
)

func TestGenerators(t *testing.T) {
	g1, g2, g3 := G(1, 1, 1), G(2, 8, 16), G(3, 12, 16)
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"G(1)[0,0]", g1[0], 0.7833269096274834},
		{"G(2)[7,15]", g2[7*16+15], 0.7613832356802186},
		{"G(3)[11,15]", g3[11*16+15], 0.07925068903684912},
		{"U(0,0)", U(0, 0), 0.8833108082136426},
		{"U(7,2)", U(7, 2), 0.44371041259308497},
		{"U(1000,49151)", U(1000, 49151), 0.18747754026142915},
	} {
		if math.Abs(c.got-c.want) > 1e-15 {
			t.Errorf("%s = %.17g, want %.17g", c.name, c.got, c.want)
		}
	}
}
