package method_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
)

// meterNames are what users of these methods watch beside loss, spread and accuracy. Of the
// others the spread of the embeddings says all that is known.
var meterNames = map[string][]string{
	"MoCo":        {"contrastive accuracy"},
	"SimCLR":      {"contrastive accuracy"},
	"DCL":         {"contrastive accuracy"},
	"DCLW":        {"contrastive accuracy"},
	"NNCLR":       {"contrastive accuracy"},
	"BarlowTwins": {"correlation", "redundancy"},
	"SMoG":        {"groups used"},
}

// TestMeters looks for the meters of methods, and for those that runs are warned by.
func TestMeters(t *testing.T) {
	network, c := small()
	forEachMethod(t, func(t *testing.T, m method.Method) {
		m = goldenMethods[method.Name(m)](c)
		var out method.Output
		_, err := nn.Declare(testkit.Open(t, device.Go).Backend, nn.Mode{Precision: device.F32}, func(scope *nn.Scope) {
			views := make([]*graph.Node, m.Views().Count())
			for i := range views {
				views[i] = graph.Zeros(scope.Graph(), shapes.Make(device.F32.ParamDType(), c.Batch, c.size(i), c.size(i), 3))
			}
			out = m.Loss(method.NewStep(m, scope, network, views))
			if err := out.Check(); err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if want, known := meterNames[method.Name(m)]; known && !slices.Equal(slices.Sorted(maps.Keys(out.Meters)), want) {
			t.Errorf("meters %v, want %v", slices.Sorted(maps.Keys(out.Meters)), want)
		}
		if w, ok := m.(method.Watcher); ok {
			for _, watch := range w.Watched() {
				if out.Meters[watch.Meter] == nil || !(watch.Least > 0) || watch.Failure == "" {
					t.Errorf("%+v is of no meter, or says nothing", watch)
				}
			}
		}
	})
}
