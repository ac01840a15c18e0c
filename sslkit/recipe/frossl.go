package recipe

import (
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
)

var _ = add(entry{
	name: "FroSSL", paper: "2310.02903",
	idea:      "views agree, and the batch spreads evenly over all directions",
	since2023: froSSLHEAD, best: froSSLBest, shapes: froSSLOnShapes,
})

// froSSLHEAD is the script's for CIFAR-10. That for ImageNette does not have the method.
func froSSLHEAD(r *Recipe) {
	if r.small() {
		r.Method = method.FroSSL{
			Projector: head.MLP{Layers: 2, Hidden: 2048, Out: 2048, BatchNorm: true, OutNorm: head.NoNorm},
			Full:      2,
		}
		r.Views = byolViews(r)
	}
}

func froSSLOnShapes(r *Recipe) {
	narrow(r, 6)
	r.Views = croppedFrom(0.4)
	r.LR = annealed(0.03)
	r.Method = method.FroSSL{
		Projector: head.MLP{Layers: 2, Hidden: 128, Out: 128, BatchNorm: true, OutNorm: head.NoNorm},
		Full:      2,
	}
}
