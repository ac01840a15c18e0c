package show

import (
	"fmt"
	"math"

	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/train"
	"gonum.org/v1/plot/plotter"
)

// points are the accuracies, the untrained network's first, if they were measured,
// and the losses of trained epochs.
func points(result *train.Result) (knn, loss plotter.XYs) {
	measured := result.Recipe.Eval.On()
	for _, e := range result.Epochs {
		x := float64(e.Epoch)
		if measured && !math.IsNaN(e.KNN) {
			knn = append(knn, plotter.XY{X: x, Y: e.KNN})
		}
		if e.Epoch > 0 && !math.IsNaN(e.Loss) && !math.IsInf(e.Loss, 0) {
			loss = append(loss, plotter.XY{X: x, Y: e.Loss})
		}
	}
	return knn, loss
}

// spreads are those of trained epochs.
func spreads(result *train.Result) plotter.XYs {
	var xys plotter.XYs
	for _, e := range result.Epochs {
		if e.Epoch > 0 {
			xys = append(xys, plotter.XY{X: float64(e.Epoch), Y: e.EmbeddingSpread})
		}
	}
	return xys
}

// sameMethod tells whether losses can share an axis: those of one method can,
// whatever the runs are called.
func sameMethod(results []*train.Result) bool {
	for _, r := range results {
		if methodName(r) != methodName(results[0]) {
			return false
		}
	}
	return true
}

// methodName is the method's, or the recipe's where there is no method.
func methodName(r *train.Result) string {
	if r.Recipe.Method == nil {
		return r.Recipe.Name
	}
	return method.Name(r.Recipe.Method)
}

// runName names run i among others; "" if it is alone.
func runName(results []*train.Result, i int) string {
	same := 0
	for _, r := range results {
		if r.Recipe.Name == results[i].Recipe.Name {
			same++
		}
	}
	switch {
	case len(results) == 1:
		return ""
	case same == 1:
		return results[i].Recipe.Name
	}
	return fmt.Sprintf("%s, run %d", results[i].Recipe.Name, i+1)
}
