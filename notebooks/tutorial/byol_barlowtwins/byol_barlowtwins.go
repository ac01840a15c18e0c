// Byol_barlowtwins looks at what is special about two methods without negatives:
// BYOL's target network, and BarlowTwins' matrix. Its notebook is made from this
// file; main.go makes it a program.
package main

// %% [markdown]
// # 6. BYOL and BarlowTwins
//
// You know from tutorial 5 that a network which is only asked to make views alike may collapse, and how SimSiam avoids
// that. Here are two other ways. You will see
//
// - what a moving average does to a noisy curve, and BYOL's target network as a moving average of the trained one;
// - what its momentum changes, and when it is too high;
// - BarlowTwins' cross-correlation matrix on its way to the identity while the network trains;
// - how to look into a network during a run, with `train.Look`.
//
// The pictures are drawn on this machine. On two CPUs the page takes two and a half minutes.

// %%

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/schedule"
	"github.com/gossl/gossl/sslkit/show"
	"github.com/gossl/gossl/sslkit/train"
)

// must is the value, or ends the cell with the error.
func must[T any](value T, err error) T {
	check(err)
	return value
}

// check ends the cell with the error if there is one.
func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// %% [markdown]
// How much to train.

// %% tags=["parameters"]

var (
	images = 5000  // to train BYOL on
	epochs = 3     // of each of BYOL's three runs
	more   = 30000 // images for BarlowTwins, which sees each of them once
	every  = 10    // steps from one look into a network to the next
	seed   = 0     // another one is another start, other views and another order of the images
	kind   = device.Auto
	folder = filepath.Join("runs", "byol_barlowtwins")
)

// %% [markdown]
// ## A moving average
//
// BYOL (Grill et al., 2020, arXiv:2006.07733) has two networks. The *online* network is trained to predict what the
// *target* network makes of the other view. The target is not trained: after each step every number $\theta'$ in it moves
// a bit towards the same number $\theta$ of the online network,
//
// $$\theta' \leftarrow m\,\theta' + (1 - m)\,\theta.$$
//
// $m$ is the *momentum*. Here is what that does to a single number which climbs to 1 and trembles. With momentum 0.5 the
// average trembles, too. With 0.9 it is smooth and a little late. With 0.99 it is very smooth and very late: it remembers
// about $1/(1-m)$ steps, which is 100.

// %%

var momenta = []float64{0.5, 0.9, 0.99}

// ShowAverages shows a number that trembles, and moving averages of it.
func ShowAverages() {
	random := rand.New(rand.NewPCG(1, 2))
	number, averages := show.Series{Name: "online"}, make([]show.Series, len(momenta))
	for step := range 200 {
		online := 1 - math.Exp(-float64(step)/20) + 0.1*random.NormFloat64()
		number.Y = append(number.Y, online)
		for i, m := range momenta {
			averages[i].Name = fmt.Sprint("momentum ", m)
			before := append([]float64{0}, averages[i].Y...)[step]
			averages[i].Y = append(averages[i].Y, m*before+(1-m)*online)
		}
	}
	check(show.Lines("a number and its averages", "step", append([]show.Series{number}, averages...)...).Show())
}

//gonb:%exec ShowAverages

// %% [markdown]
// ## Looking into a network while it trains
//
// A `train.Look` computes something of the network every few steps, always at the same views of the same images, and
// leaves the run as it is. We keep what was seen in the folder of the run, so that later cells can draw it.

// %%

// Seen is what a look saw after a step.
type Seen struct {
	Step   int
	Values []float32
}

// Keep adds what was seen to a run's folder.
func Keep(run string, s Seen) error {
	name := filepath.Join(folder, run, "seen.jsonl")
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	return json.NewEncoder(file).Encode(s)
}

// Kept reads all that was seen of a run.
func Kept(run string) (all []Seen) {
	file := must(os.Open(filepath.Join(folder, run, "seen.jsonl")))
	defer file.Close()
	for lines := json.NewDecoder(file); lines.More(); {
		var s Seen
		check(lines.Decode(&s))
		all = append(all, s)
	}
	return all
}

// %% [markdown]
// ## BYOL with three momenta
//
// We look at how alike the projections are that the online network and its target make of *the same* view: the cosine,
// averaged over a batch. It is 1 as long as both are the same network.

// %%

// BYOL is the recipe with a momentum.
func BYOL(momentum float64) recipe.Recipe {
	r := must(recipe.Shapes("BYOL"))
	m := r.Method.(method.BYOL)
	m.Momentum = schedule.Constant(momentum)
	r.Name, r.Method = fmt.Sprint("momentum ", momentum), m
	r.TrainImages, r.Epochs, r.Seed = images, epochs, uint64(seed)
	return r
}

// Agreement is the mean cosine between the online and the target network's projections of view 0.
func Agreement(step method.Step) *graph.Node {
	r := BYOL(0.9) // the networks are the same with each momentum
	projector, first := r.Method.(method.BYOL).Projector, step.Full[:1]
	online := step.Projections(projector, first)
	stays := graph.Const(first[0].Graph(), 1.0) // a momentum with which the target does not move
	target := step.TargetProjections(stays, projector, first)
	return graph.Neg(loss.NegativeCosine(online[0], target[0]))
}

// TrainBYOL trains with each momentum.
func TrainBYOL() {
	for _, momentum := range momenta {
		r := BYOL(momentum)
		fmt.Println(r.Name)
		see := func(step int, values []float32) error { return Keep(r.Name, Seen{step, values}) }
		look := &train.Look{Every: every, Build: Agreement, See: see}
		dir := filepath.Join(folder, r.Name)
		options := train.Options{Dir: dir, Device: kind, Report: show.Progress(), Look: look}
		_, err := train.Run(context.Background(), r, options)
		check(err)
	}
}

//gonb:%exec TrainBYOL

// %% [markdown]
// All three learn. How far is the target behind?

// %%

// ShowBehind shows how alike online and target network are by step.
func ShowBehind() {
	var curves []show.Series
	for _, momentum := range momenta {
		curve := show.Series{Name: BYOL(momentum).Name}
		for _, s := range Kept(curve.Name) {
			curve.X = append(curve.X, float64(s.Step))
			curve.Y = append(curve.Y, float64(s.Values[0]))
		}
		curves = append(curves, curve)
	}
	check(show.Lines("cosine of online and target projections", "step", curves...).Show())
}

//gonb:%exec ShowBehind

// %% [markdown]
// In the first steps the network moves fast, and every target loses sight of it: the slower it follows, the more. With
// momentum 0.5 the two agree again within a few steps, with 0.9 soon after, with 0.99 it takes a hundred steps and more. Then
// the curves come near 1: the learning rate has fallen, the network moves less.

// %%

// ShowBYOL shows accuracy and loss by epoch.
func ShowBYOL() {
	var results []*train.Result
	for _, momentum := range momenta {
		results = append(results, must(train.Open(filepath.Join(folder, BYOL(momentum).Name))))
	}
	check(show.Curves(results...).Show())
}

//gonb:%exec ShowBYOL

// %% [markdown]
// The slow target costs accuracy here. For a long time it is little more than the network as it was before the training, and
// whoever predicts that learns little. The published runs train for a hundred times as many steps; theirs is 0.99,
// because a target that trembles less is the better one to predict. A momentum belongs to a number of steps. Between
// 0.5 and 0.9 the seed decides which one is ahead.
//
// Why does BYOL not collapse? As in SimSiam, the gradient does not flow into the target, and there is a predictor. SimSiam *is*
// BYOL with a target that follows at once: momentum 0.
//
// ## BarlowTwins: a matrix that shall be the identity
//
// BarlowTwins (Zbontar et al., 2021, arXiv:2103.03230) needs no second network and no predictor. It looks at the
// *dimensions* of the projections, over a batch: entry $C_{ij}$ of the cross-correlation matrix says how dimension $i$ of
// one view goes together with dimension $j$ of the other. The loss wants
//
// - ones on the diagonal: a dimension says the same of both views of an image;
// - zeros beside it: two dimensions say different things.
//
// $$\sum_i (1 - C_{ii})^2 + \lambda \sum_{i \ne j} C_{ij}^2$$
//
// A collapsed network cannot get there: a dimension that is the same for all images correlates with nothing, not even with
// itself. Watch the matrix while the network trains: red is 1, grey is 0, blue is −1.

// %%

// BarlowTwins is the recipe with a deep projector of 32 dimensions: a matrix that one can look at.
func BarlowTwins() recipe.Recipe {
	r := must(recipe.Shapes("BarlowTwins"))
	m := r.Method.(method.BarlowTwins)
	m.Projector.Layers, m.Projector.Hidden, m.Projector.Out = 3, 512, 32
	m.Lambda = 0.1
	r.Method, r.LR.From = m, 0.15
	r.TrainImages, r.Epochs, r.Seed = more, 1, uint64(seed)
	return r
}

// Correlation is the matrix, [dim, dim].
func Correlation(step method.Step) *graph.Node {
	m := BarlowTwins().Method.(method.BarlowTwins)
	z := step.Projections(m.Projector, step.Full)
	return loss.CrossCorrelation(z[0], z[1], m.Unbiased)
}

// TrainBarlowTwins trains, and shows the matrix as it changes.
func TrainBarlowTwins() {
	r, live := BarlowTwins(), show.Live()
	see := func(step int, values []float32) error {
		err := live(show.Matrix(fmt.Sprintf("after %d steps", step), values, 1))
		return errors.Join(err, Keep(r.Name, Seen{step, values}))
	}
	look := &train.Look{Every: every, Images: min(512, more), Build: Correlation, See: see}
	dir := filepath.Join(folder, r.Name)
	options := train.Options{Dir: dir, Device: kind, Report: show.Progress(), Look: look}
	_, err := train.Run(context.Background(), r, options)
	check(err)
}

//gonb:%exec TrainBarlowTwins

// %% [markdown]
// ## Before and after

// %%

// ShowMatrices shows the first matrix and the last.
func ShowMatrices() {
	all := Kept(BarlowTwins().Name)
	for _, s := range []Seen{all[0], all[len(all)-1]} {
		check(show.Matrix(fmt.Sprintf("after %d steps", s.Step), s.Values, 1).Show())
	}
}

//gonb:%exec ShowMatrices

// %% [markdown]
// The diagonal appears: both views of an image have the same to say, in each of the 32 dimensions. The identity it is not.
// Let us put it in numbers.

// %%

// Sizes are the mean of the entries on the diagonal of a square matrix, and the mean size of those beside it.
func Sizes(values []float32) (on, off float64) {
	n := int(math.Sqrt(float64(len(values))))
	for i, c := range values {
		if i/n == i%n {
			on += float64(c) / float64(n)
		} else {
			off += math.Abs(float64(c)) / float64(n*n-n)
		}
	}
	return on, off
}

// ShowEntries shows them by step.
func ShowEntries() {
	on, off := show.Series{Name: "on the diagonal: mean"}, show.Series{Name: "beside it: mean size"}
	for _, s := range Kept(BarlowTwins().Name) {
		diagonal, others := Sizes(s.Values)
		on.X, on.Y = append(on.X, float64(s.Step)), append(on.Y, diagonal)
		off.X, off.Y = append(off.X, float64(s.Step)), append(off.Y, others)
	}
	check(show.Lines("entries of the matrix", "step", on, off).Show())
}

//gonb:%exec ShowEntries

// %% [markdown]
// The diagonal climbs fast, and then slowly on. What is beside it rises at first: the dimensions begin by saying much the same.
// Then it shrinks a little while the diagonal grows, because a dimension that repeats another one costs; λ says how much. The
// published networks, with 2048 dimensions and hundreds of epochs, have the time to come far closer to the identity.

// %% tags=["summary"]

// ShowTable prints the runs in numbers.
func ShowTable() {
	var results []*train.Result
	for _, momentum := range momenta {
		results = append(results, must(train.Open(filepath.Join(folder, BYOL(momentum).Name))))
	}
	check(show.Comparison(append(results, must(train.Open(filepath.Join(folder, BarlowTwins().Name))))...).Show())
}

//gonb:%exec ShowTable

// %% [markdown]
// **Try:** add the momentum 0 and compare it with tutorial 5's SimSiam. Set `m.Lambda` to 0.0001 in BarlowTwins: the
// diagonal gets what it wants, but what becomes of the rest, and of the accuracy? Look at something else while it trains, such
// as the cosine of the two views' projections. Each time give `folder` another name: a folder holds one run of a name.
//
// Next: *7. Your own images*.
