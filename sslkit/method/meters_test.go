package method_test

import (
	"maps"
	"slices"
	"testing"

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
	"MoCoV3":      {"contrastive accuracy"},
	"UnMix":       {"contrastive accuracy", "mixture loss"},
	"All4One":     {"centroid accuracy", "contrastive accuracy", "correlation", "redundancy"},
	"DINO":        {"teacher KoLeo", "teacher entropy", "teacher mean entropy"},
	"SwaV":        {"assignment entropy", "prototypes used"},
	"SwaVQueue":   {"assignment entropy", "prototypes used"},
	"TiCo":        {"covariance norm"},
	"VICReg":      {"deviation"},
	"VICRegL":     {"deviation", "local deviation"},
	"MAE":         {"explained"},
	"SimMIM":      {"explained"},
	"MSN":         {"assignment entropy", "mean entropy"},
	"PMSN":        {"assignment entropy", "mean entropy"},
	"SimSiam":     nil,
	"FastSiam":    nil,
	"BYOL":        nil,
	"FroSSL":      nil,
}

// TestMeters looks for the meters of methods, and for those that runs are warned by.
func TestMeters(t *testing.T) {
	forEachMethod(t, func(t *testing.T, m method.Method) {
		network, c := smallFor(method.Name(m))
		m = goldenMethods[method.Name(m)](c)
		out := startRun(t, testkit.Open(t, device.Go), nn.Mode{Precision: device.F32}, m, network, c).output
		got := slices.Sorted(maps.Keys(out.Meters))
		want, known := meterNames[method.Name(m)]
		if !known {
			t.Error("meterNames does not say what users of the method watch")
		}
		if !slices.Equal(got, want) {
			t.Errorf("meters %q, want %q", got, want)
		}
		if w, ok := m.(method.Watcher); ok {
			for _, watch := range w.Watched() {
				if !slices.Contains(got, watch.Meter) || !(watch.Least > 0) || watch.Failure == "" {
					t.Errorf("%+v is of no meter, or says nothing", watch)
				}
			}
		}
	})
}
