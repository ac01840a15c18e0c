package method

import (
	"fmt"
	"math"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
)

// DCL is [SimCLR] with the decoupled contrastive loss: the right view does not
// compete with itself, so small batches learn as large ones do.
//
// Its meter "contrastive accuracy" is that of [SimCLR].
//
// Yeh et al., Decoupled Contrastive Learning, 2021, arXiv:2110.06848, L_DC.
type DCL struct {
	Projector   head.MLP `json:"projector"`
	Temperature float64  `json:"temperature"`
	Separate    bool     `json:"separate"` // the denominator as in the tables of 2022 and 2023, see [loss.DCL]
}

// DCLW is [DCL] with pairs that are already close counting less.
//
// Its meter "contrastive accuracy" is that of [SimCLR].
//
// Yeh et al., Decoupled Contrastive Learning, 2021, arXiv:2110.06848, L_DCW.
type DCLW struct {
	Projector   head.MLP `json:"projector"`
	Temperature float64  `json:"temperature"`
	Sigma       float64  `json:"sigma"` // of the weights: the smaller, the more they differ
	Separate    bool     `json:"separate"`
}

var (
	_ Method = DCL{}
	_ Method = DCLW{}
)

// Views is two full ones.
func (DCL) Views() Crops { return Crops{Full: 2} }

// Views is two full ones.
func (DCLW) Views() Crops { return Crops{Full: 2} }

// Collapsed is ln(2·batch−2): every other image is as near as the right one.
// With Separate it is 2·ln(batch−1) + 1/Temperature.
func (m DCL) Collapsed(batch int) Collapse {
	if m.Separate {
		return Collapse{Loss: 2*math.Log(float64(batch-1)) + 1/m.Temperature, Start: true}
	}
	return Collapse{Loss: math.Log(float64(2*batch - 2)), Start: true}
}

// Collapsed is as for [DCL]: all pairs count the same.
func (m DCLW) Collapsed(batch int) Collapse { return m.unweighted().Collapsed(batch) }

// Validate reports the first hyperparameter that makes no sense.
func (m DCL) Validate(backbone.Backbone) error { return m.validate("DCL") }

func (m DCL) validate(name string) error {
	if err := temperature(name, m.Temperature); err != nil {
		return err
	}
	return part(name, "projector", m.Projector)
}

// Validate reports the first hyperparameter that makes no sense.
func (m DCLW) Validate(backbone.Backbone) error {
	if err := m.unweighted().validate("DCLW"); err != nil {
		return err
	}
	if !(m.Sigma > 0) {
		return fmt.Errorf("method: DCLW: sigma %g, want a positive one", m.Sigma)
	}
	return nil
}

// Loss is [loss.DCL] of the two views' projections.
func (m DCL) Loss(step Step) Output {
	z := step.Projections(m.Projector, step.Full)
	return Output{Loss: loss.DCL(z[0], z[1], m.Temperature, m.Separate), Embedding: z[0], Meters: found(z[0], z[1], nil)}
}

// Loss is [loss.DCLW] of the two views' projections.
func (m DCLW) Loss(step Step) Output {
	z := step.Projections(m.Projector, step.Full)
	return Output{Loss: loss.DCLW(z[0], z[1], m.Temperature, m.Sigma, m.Separate), Embedding: z[0], Meters: found(z[0], z[1], nil)}
}

// unweighted is the DCL that m weights.
func (m DCLW) unweighted() DCL { return DCL{m.Projector, m.Temperature, m.Separate} }
