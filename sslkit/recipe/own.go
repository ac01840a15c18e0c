package recipe

import (
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/eval"
)

// For returns the recipe for other images, such as those of a folder: Data,
// TrainImages and TestImages are the set's, and Eval.K is at most TrainImages.
// Where there are no test images, or fewer than two classes, Eval and Linear
// become zero: nothing tells whether a neighbour is the right one. Preset and
// Expect, which are about other images, become zero, too.
//
// All else stays, Views among it: their Size is what images are resized to.
// [dataset.Split] holds test images out. Pass the set to training in its Options.
func (r Recipe) For(set *dataset.Set) Recipe {
	r.Data, r.TrainImages, r.TestImages = set.Name, set.Train.Len(), set.Test.Len()
	r.Preset, r.Expect = "", Expect{}
	r.Eval.K = min(r.Eval.K, r.TrainImages)
	if r.TestImages == 0 || len(set.Train.Classes) < 2 {
		r.Eval, r.Linear = eval.KNN{}, eval.Linear{}
	}
	return r
}
