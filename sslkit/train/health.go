package train

import (
	"fmt"
	"math"
	"strings"

	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
)

// Below this spread of the embeddings a run has collapsed. Healthy runs keep
// most of 1, collapsed ones fall below a hundredth within an epoch.
const collapsedSpread = 0.1

// A loss this near to its collapsed value, as a part of it, stands still.
const stuckMargin = 0.005

// warning says in one line what is wrong with an epoch, or "". The last are meters
// that were not finite numbers.
func warning(r recipe.Recipe, e Epoch, bad []string) string {
	switch {
	case e.EmbeddingSpread < collapsedSpread:
		return fmt.Sprintf("collapsed: all images have nearly the same embedding (spread %.3f, healthy is about 1): "+
			"likely the learning rate is too high, or a predictor, a stop of the gradient or batch norm is missing", e.EmbeddingSpread)
	case stuck(r, e):
		return fmt.Sprintf("stuck: the loss %.3f is that of a network that cannot tell images apart: "+
			"likely embeddings or queue are not normalised, or the learning rate is too high", e.Loss)
	case len(bad) > 0:
		return fmt.Sprintf("meters that were not a finite number in some step are left out: %s", strings.Join(bad, ", "))
	}
	return ""
}

// stuck says whether the loss is where training that has failed stands still. Of
// losses that come near that value as they learn, it does not tell.
func stuck(r recipe.Recipe, e Epoch) bool {
	c := collapse(r)
	return c != nil && c.Start && math.Abs(*e.CollapseMargin) < stuckMargin*math.Abs(c.Loss)
}

// collapse is what the loss is of a network that has collapsed; nil of a method
// that does not know.
func collapse(r recipe.Recipe) *method.Collapse {
	m, ok := r.Method.(method.Collapser)
	if !ok {
		return nil
	}
	c := m.Collapsed(r.Batch)
	return &c
}
