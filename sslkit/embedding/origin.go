package embedding

import (
	"fmt"
	"math"
	"slices"
)

// An Origin is what made the features of a set, and of which images. Features of
// different networks cannot be compared, however alike their numbers look, nor can
// those of one network for images that were prepared in different ways.
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

// Match returns an error, which names both networks, if features of the two origins
// cannot be compared: their networks differ, or how images are prepared. Which images
// they are of does not count. A nil origin is unknown, and matches every other.
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

// validate returns an error for what cannot be written to files.
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
