package recipe

import (
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/eval"
)

// For returns the recipe for other images, such as those of a folder: Data,
// TrainImages and TestImages are the set's, Eval.K is [Neighbours] of it, and no k of
// Measures is more than its training images.
// Where there are no test images, or fewer than two classes, Eval and Linear, and what
// of Measures compares classes, become zero: nothing tells whether a neighbour is the
// right one. Preset and Expect, which are about other images, become zero, too.
//
// All else stays, Views among it: their Size is what images are resized to.
// [dataset.Split] holds test images out. Pass the set to training in its Options.
func (r Recipe) For(set *dataset.Set) Recipe {
	r.Data, r.TrainImages, r.TestImages = set.Name, set.Train.Len(), set.Test.Len()
	r.Preset, r.Expect = "", Expect{}
	r.Eval.K = Neighbours(r.Eval.K, r.TrainImages, len(set.Train.Classes))
	r.Measures.KNN = r.Measures.KNN.UpTo(r.TrainImages)
	if r.TestImages == 0 || len(set.Train.Classes) < 2 {
		r.Eval, r.Linear = eval.KNN{}, eval.Linear{}
		r.Measures = eval.Measures{Ranks: r.Measures.Ranks}
	}
	return r
}

// Neighbours is how many neighbours kNN accuracy asks where there are few images: k,
// or as many as a class has training images on average, if that is less. Of more,
// some are of other classes even with perfect features; of all images, the vote
// tells little but which class is largest.
func Neighbours(k, images, classes int) int {
	return min(k, max(1, images/max(1, classes)))
}
