package recipe

import (
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/method"
)

var _ = add(entry{
	name: "SimMIM", paper: "2111.09886",
	idea:      "a transformer sees an image with most patches hidden, and fills in their pixels",
	benchmark: simMIM2023, since2023: simMIMHEAD, shapes: simMIMOnShapes,
	results: []result{
		{Lightly2023, dataset.Imagenette, 256, 800, 0.343, 9.7, 446.5},
		{Lightly2023, dataset.Imagenette, 256, 200, 0.315, 9.7, 115.5},
	},
})

// simMIM2023 draws one view. The script draws two, and trains on the first.
func simMIM2023(r *Recipe) {
	if r.small() {
		return // there is no script for CIFAR-10
	}
	masked2023(r)
	r.Method = method.SimMIM{Masking: method.Masking{Ratio: 0.75, CountClass: true}}
	r.Views = []augment.Policy{vivid(augment.SimCLR(224).Blurred(0.5))}
	r.Optim, r.LR = adamW(0.999), r.warmed(8e-4, 20)
}

// simMIMHEAD has positions that are not trained.
func simMIMHEAD(r *Recipe) {
	r.unended()
	r.Backbone = backbone.ViTBase32()
	r.Method = method.SimMIM{Masking: method.Masking{Ratio: 0.75}}
}

func simMIMOnShapes(r *Recipe) {
	maskedOnShapes(r)
	r.Method = method.SimMIM{Masking: method.Masking{Ratio: 0.5}}
}
