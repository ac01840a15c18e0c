package method

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/schedule"
)

// MSN assigns a view whose patches are partly left out, an anchor, to the same
// prototypes as a target network, a moving average of the trained one, assigns the
// whole image to. Its features are those of the target network.
//
// View 0 is the target's; view 1 and the small views, which see a small part of the
// image each, are anchors.
//
// Its meters: "assignment entropy" is that of an image's assignment, in nats, ln
// Prototypes where images cannot be told apart, and "mean entropy" that of the mean of
// what anchors are predicted, which falls to 0 where all are of one prototype.
//
// Assran et al., Masked Siamese Networks for Label-Efficient Learning, 2022,
// arXiv:2204.07141.
type MSN struct {
	Projector   head.MLP `json:"projector"`
	Prototypes  int      `json:"prototypes"`
	Train       bool     `json:"train"`       // the prototypes, too, as in the paper; lightly leaves them as they start
	Temperature float64  `json:"temperature"` // of anchors
	Sharpen     float64  `json:"sharpen"`     // of the target's temperature: it is so much of the anchors'
	Iterations  int      `json:"iterations"`  // of Sinkhorn's, over the target's assignments; 0 for none
	Even        float64  `json:"even"`        // weight of the second term: all prototypes are to be met alike

	Momentum schedule.Schedule `json:"momentum"` // weight that the target keeps in a move
	Masking  Masking           `json:"masking"`
	DropLast bool              `json:"drop_last"` // the last patch of every anchor, always: lightly forgets the class token when it counts
	Small    int               `json:"small"`     // views
}

// PMSN is [MSN] without the belief that all prototypes are met alike: how often they
// are is to follow a power law, as classes do in most data.
//
// Its meters "assignment entropy" and "mean entropy" are those of [MSN].
//
// Assran et al., The Hidden Uniform Cluster Prior in Self-Supervised Learning, 2022,
// arXiv:2210.07277.
type PMSN struct {
	MSN
	Exponent float64 `json:"exponent"` // the k-th prototype is to be met k^−Exponent times as often as the first
	Plain    bool    `json:"plain"`    // a logarithm is missing, see [loss.PowerLawGap]
}

var (
	_ Method = MSN{}
	_ Method = PMSN{}
)

// Views is two full ones, and the small ones.
func (m MSN) Views() Crops { return Crops{Full: 2, Local: max(0, m.Small)} }

// OfTarget implements [TargetEvaluated].
func (MSN) OfTarget() {}

// Validate reports the first hyperparameter that makes no sense.
func (m MSN) Validate(net backbone.Backbone) error { return m.validate("MSN", net) }

// Validate reports the first hyperparameter that makes no sense.
func (m PMSN) Validate(net backbone.Backbone) error {
	if !(m.Exponent > 0) {
		return fmt.Errorf("method: PMSN: exponent %g, want a positive one", m.Exponent)
	}
	return m.validate("PMSN", net)
}

func (m MSN) validate(name string, net backbone.Backbone) error {
	switch {
	case m.Prototypes < 2:
		return fmt.Errorf("method: %s: %d prototypes, want at least 2", name, m.Prototypes)
	case !(m.Sharpen > 0 && m.Sharpen <= 1):
		return fmt.Errorf("method: %s: sharpen %g, want one between 0 and 1", name, m.Sharpen)
	case m.Iterations < 0:
		return fmt.Errorf("method: %s: iterations %d, want 0 or more", name, m.Iterations)
	case !(m.Even >= 0):
		return fmt.Errorf("method: %s: even %g, want 0 or more", name, m.Even)
	case m.Small < 0:
		return fmt.Errorf("method: %s: %d small views, want 0 or more", name, m.Small)
	}
	if err := temperature(name, m.Temperature); err != nil {
		return err
	}
	if err := m.Masking.validate(name); err != nil {
		return err
	}
	if err := target(name, m.Momentum, 1); err != nil {
		return err
	}
	if err := part(name, "projector", m.Projector); err != nil {
		return err
	}
	_, err := transformer(name, net)
	return err
}

// Loss is the mean of the anchors' cross entropies, and the distance of what
// prototypes they are taken for from all alike.
func (m MSN) Loss(step Step) Output { return m.loss("MSN", step, loss.EntropyGap) }

// Loss is that of [MSN] with the distance from a power law.
func (m PMSN) Loss(step Step) Output {
	return m.loss("PMSN", step, func(logMean *graph.Node) *graph.Node {
		return loss.PowerLawGap(logMean, m.Exponent, m.Plain)
	})
}

// Watched says where all images are predicted to be of one prototype.
func (MSN) Watched() []Watch { return oneOfAll("mean entropy") }

// Watched is as for [MSN].
func (PMSN) Watched() []Watch { return oneOfAll("mean entropy") }

func (m MSN) loss(name string, step Step, gap func(logMean *graph.Node) *graph.Node) Output {
	anchors := []*graph.Node{m.anchors(name, step, step.Full[1])}
	if len(step.Local) > 0 { // one batch, with statistics of all
		anchors = append(anchors, m.anchors(name, step, graph.Concatenate(step.Local, 0)))
	}
	z := step.TargetProjections(m.Momentum.In(step.Scope), m.Projector, step.Full[:1])[0]
	prototypes := m.prototypes(step.Scope)
	assignments := loss.MSNAssignments(z, graph.StopGradient(prototypes), m.Temperature, m.Sharpen, m.Iterations)
	crossEntropy, logMean := loss.MSN(graph.Concatenate(anchors, 0), assignments, prototypes, m.Temperature)
	return Output{
		Loss:      graph.Add(crossEntropy, graph.MulScalar(gap(logMean), m.Even)),
		Embedding: anchors[0],
		Meters: map[string]*graph.Node{
			"assignment entropy": graph.ReduceAllMean(loss.Entropy(assignments)),
			"mean entropy":       loss.Entropy(graph.Exp(logMean)),
		},
	}
}

// anchors are the trained network's projections of views with patches left out.
//
//	x       [rows, height, width, channels]
//	result  [rows, dim]
func (m MSN) anchors(name string, step Step, x *graph.Node) *graph.Node {
	net, online := step.transformer(name), step.Scope.In("online")
	dims := x.Shape().Dimensions
	tokens := net.Tokens(dims[1], dims[2])
	if m.DropLast {
		tokens--
	}
	mask := m.Masking.draw(step.Scope, dims[0], tokens)
	kept := net.EncodeKept(online.In("backbone"), x, mask.Kept())
	return m.Projector.Forward(online.In("projector"), firstTokens(kept))
}

// prototypes are those of the trained network, or never change.
//
//	result  [Prototypes, dim]
func (m MSN) prototypes(scope *nn.Scope) *graph.Node {
	dim := m.Projector.Out
	if m.Train {
		return scope.In("online").Param("prototypes", nn.UniformFanIn(dim), m.Prototypes, dim)
	}
	return scope.Buffer("prototypes", nn.UniformFanIn(dim), m.Prototypes, dim)
}
