package train

import (
	"testing"

	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
)

// What eight devices exchange in a step are gradients, once, in a few pieces, and the
// statistics of batch norms; no device sends images to another.
func TestPlanOfSeveral(t *testing.T) {
	testkit.Target(t, "h100")
	for _, name := range []string{"SimCLR", "MAE"} {
		t.Run(name, func(t *testing.T) {
			r, err := recipe.Shapes(name)
			if err != nil {
				t.Fatal(err)
			}
			r.Batch = 128
			target := device.Targets()[0]
			target.Devices = 8
			p, err := Plan(t.Context(), r, target, nil, "step")
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", p.Programs[0])
		})
	}
}
