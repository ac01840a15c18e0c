package train

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/method"
)

// The meters of an epoch, sums over its steps: read once, at its end. The sums of
// the method's own follow, in the order of their names.
const (
	meterLoss     = iota
	meterGradient // norms
	meterSpread   // of the embeddings
	meterBadStep  // first step, counted from 0, whose loss or gradient was not finite
	meterCount
)

// noMeters are the meters before the first step.
func (l layout) noMeters() []float64 {
	meters := make([]float64, meterCount+len(l.meters))
	meters[meterBadStep] = math.MaxInt32
	return meters
}

// ownMeters returns the names of a method's own meters, sorted. It panics if one
// is not a scalar.
func ownMeters(out method.Output) []string {
	names := slices.Sorted(maps.Keys(out.Meters))
	for _, name := range names {
		if x := out.Meters[name]; name == "" || x == nil || !x.IsScalar() {
			panic(fmt.Errorf("the method's meter %q is %v, want a name and a scalar", name, x))
		}
	}
	return names
}

// means returns those of a method's own meters after so many steps, and the names
// of those that are not finite numbers, which it leaves out.
func (l layout) means(meters []float64, steps float64) (means map[string]float64, bad []string) {
	for i, name := range l.meters {
		mean := meters[meterCount+i] / steps
		if math.IsNaN(mean) || math.IsInf(mean, 0) {
			bad = append(bad, name)
			continue
		}
		if means == nil {
			means = map[string]float64{}
		}
		means[name] = mean
	}
	return means, bad
}

// record adds a step to the meters.
func (l layout) record(meters, number *graph.Node, out method.Output, gradient *graph.Node) *graph.Node {
	g, dtype := meters.Graph(), meters.DType()
	stepLoss := graph.ConvertDType(out.Loss, dtype)
	norm := graph.Sqrt(graph.ReduceAllSum(graph.Square(gradient)))
	spread := graph.ConvertDType(spread(out.Embedding), dtype)

	finite := graph.LogicalAnd(graph.IsFinite(stepLoss), graph.IsFinite(norm))
	bad := graph.Where(finite, graph.Scalar(g, dtype, math.MaxInt32), graph.ConvertDType(number, dtype))
	at := func(i int) *graph.Node { return graph.Reshape(graph.Slice(meters, graph.AxisElem(i))) }
	values := []*graph.Node{
		meterLoss:     graph.Add(at(meterLoss), stepLoss),
		meterGradient: graph.Add(at(meterGradient), norm),
		meterSpread:   graph.Add(at(meterSpread), spread),
		meterBadStep:  graph.Min(at(meterBadStep), bad),
	}
	for i, name := range l.meters {
		own := graph.ConvertDType(graph.StopGradient(out.Meters[name]), dtype)
		values = append(values, graph.Add(at(meterCount+i), own))
	}
	for i, v := range values {
		values[i] = graph.Reshape(v, 1)
	}
	return graph.Concatenate(values, 0) // [meterCount + the method's own]
}

// spread is the standard deviation of the normalised embeddings times √dim: 1
// if they lie in all directions alike, 0 if all are the same.
//
//	embedding  [batch, dim]
//	result     scalar
func spread(embedding *graph.Node) *graph.Node {
	dim := float64(embedding.Shape().Dimensions[1])
	return graph.MulScalar(loss.NormalizedStd(graph.StopGradient(embedding)), math.Sqrt(dim))
}
