package method_test

import (
	"fmt"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
)

// TestMultiCropJointly compares steps with views of two sizes in one pass for each size,
// as on a GPU, with those of separate passes, as on a CPU: losses, gradients, and what
// the steps leave, with the batch norms of a head apart or one.
func TestMultiCropJointly(t *testing.T) {
	network, c := small()
	c.Image, c.Sizes.Projection = 0, "linear bn gelu linear bn gelu linear(bias)"
	for view, size := range []int{8, 8, 4, 4, 4} {
		c.Pixels.Views = append(c.Pixels.Views, struct{ View, Size int }{view, size})
	}
	tried := 0
	for _, m := range method.All() {
		name := method.Name(m)
		_, wanted, _ := smallFor(t, m)
		if _, ok := wanted.(backbone.ResNet); !ok || goldenMethods[name](c).Views().Local == 0 {
			continue
		}
		tried++
		for _, shared := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s shared %t", name, shared), func(t *testing.T) {
				c.Sizes.SharedBN = shared
				m := goldenMethods[name](c)
				if got, want := m.Views(), (method.Crops{Full: 2, Local: 3}); got != want {
					t.Fatalf("%+v views, want %+v", got, want)
				}
				if err := m.Validate(network); err != nil {
					t.Fatal(err)
				}
				runOf := func(joint bool) *run {
					return startRun(t, testkit.Open(t, device.Go), nn.Mode{Precision: device.F64, JointViews: joint}, m, network, c)
				}
				jointly, separately := runOf(true), runOf(false)
				for step := range 3 {
					loss, gradient := jointly.step(t)
					wantLoss, wantGradient := separately.step(t)
					testkit.NearScalar(t, at("loss", step), loss, wantLoss, 1e-9)
					testkit.Near(t, at("gradient", step), gradient, wantGradient, 1e-8)
				}
				testkit.Near(t, "parameters", jointly.params(), separately.params(), 1e-8)
				testkit.Near(t, "buffers", jointly.buffers(), separately.buffers(), 1e-8)
			})
		}
	}
	if tried < 3 {
		t.Errorf("%d methods have small views of a ResNet, want at least DINO, SwaV and SwaVQueue", tried)
	}
}
