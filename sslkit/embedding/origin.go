package embedding

import (
	"fmt"
	"math"
	"slices"
)

// An Origin is what made the features of a set, and of which images. Features of
// different networks have nothing to do with each other, however alike their
// numbers look, and nor have those of one network for differently prepared images.
type Origin struct {
	Network string `json:"network"` // in words
	Weights string `json:"weights"` // fingerprint of the network's layers and weights

	// How images are prepared: resized to Size, then (colour − Mean) / Std, with colours in [0, 1].
	Size int        `json:"size"` // pixels each way
	Mean [3]float64 `json:"mean"`
	Std  [3]float64 `json:"std"`

	Data   string `json:"data,omitempty"`   // what the images are called: a data set or a folder
	Images string `json:"images,omitempty"` // fingerprint of their pixels, as in a dataset's Fingerprint
}

// Match returns an error that names both if other features are of another network,
// or of images that were prepared in another way. Of which images they are does not
// count. Where one of the origins is nil, nothing is known, and nothing is wrong.
func (o *Origin) Match(other *Origin) error {
	switch {
	case o == nil || other == nil:
		return nil
	case o.Weights != other.Weights:
		return fmt.Errorf("features of different networks cannot be compared: some are of %s, others of %s", o.network(), other.network())
	case o.Size != other.Size || o.Mean != other.Mean || o.Std != other.Std:
		return fmt.Errorf("features of differently prepared images cannot be compared: some are of %s, others of %s", o.input(), other.input())
	}
	return nil
}

// validate returns an error for what files cannot keep.
func (o *Origin) validate() error {
	if o == nil {
		return nil
	}
	for _, value := range slices.Concat(o.Mean[:], o.Std[:]) {
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return fmt.Errorf("origin: mean %g and standard deviation %g, want finite numbers", o.Mean, o.Std)
		}
	}
	return checkNames("origin", []string{o.Network, o.Weights, o.Data, o.Images})
}

func (o *Origin) network() string { return fmt.Sprintf("%q, weights %s", o.Network, o.Weights) }

func (o *Origin) input() string {
	return fmt.Sprintf("%d×%d pixels with mean %g and standard deviation %g", o.Size, o.Size, o.Mean, o.Std)
}
