// Moco_linear trains MoCo with a queue of keys, fits a linear classifier to the
// frozen features, and looks at what it confuses. Its notebook is made from this
// file; main.go makes it a program.
package main

// %% [markdown]
// # 4. MoCo with a memory bank, then a linear classifier
//
// You know SimCLR's loss (tutorial 3), and that it wants many negatives. You will see
//
// - how MoCo gets them without large batches: from a queue of earlier batches' keys;
// - why a second network makes the keys, and what lies in the queue;
// - how the loss moves in the first steps, and why it goes *up*;
// - a linear classifier on the frozen features, beside kNN, and which classes it takes for which.
//
// The pictures are drawn on this machine. On two CPUs the page takes about a minute and a half.

// %%

import (
	"context"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/pretrained"
	"github.com/gossl/gossl/sslkit/recipe"
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
// What to train on, how much, and where. With `dataset.CIFAR10` the page shows photographs; this small network learns
// little of them.

// %% tags=["parameters"]

var (
	data   = dataset.Shapes // or dataset.CIFAR10
	images = 5000           // to train on
	epochs = 5
	steps  = 60 // whose losses are looked at one by one
	kind   = device.Auto
	folder = filepath.Join("runs", "moco_linear")
)

// %%

// Recipe is what this page trains.
func Recipe() recipe.Recipe {
	r := must(recipe.Shapes("MoCo"))
	r.Data, r.TrainImages, r.Epochs = data, images, epochs
	return r
}

// MoCo is the recipe's method.
func MoCo() method.MoCo { return Recipe().Method.(method.MoCo) }

// Data are the images to train on and to test with.
func Data() *dataset.Set {
	return must(train.Load(context.Background(), Recipe(), nil))
}

// %% [markdown]
// ## A queue of keys
//
// SimCLR compares a view with the others of its batch: a batch of 64 images has 126 negatives, and more negatives mean a
// larger batch, which has to fit into memory. MoCo (He et al., 2019, arXiv:1911.05722) separates the two. A network makes
// a *query* of one view, another network a *key* of the other view, and the query has to find its key among the keys of
// earlier batches. Those are kept in a *queue*, also called memory bank: the newest keys take the place of the oldest.
//
// Here is a queue of six places, and two keys a step. In place of keys there are the numbers of the steps that made them.

// %%

// ShowQueue puts keys into a small queue.
func ShowQueue() {
	enqueue := must(graph.NewExec(must(device.Open(kind)).Backend, loss.Enqueue))
	queue, position := [][]float32{{0}, {0}, {0}, {0}, {0}, {0}}, int32(0)
	for step := range 5 {
		key := []float32{float32(step + 1)}
		after, next, err := enqueue.Exec2(queue, position, [][]float32{key, key})
		check(err)
		queue, position = after.Value().([][]float32), next.Value().(int32)
		fmt.Println("after step", step+1, queue)
	}
}

//gonb:%exec ShowQueue

// %% [markdown]
// Nothing is computed again for a key that is in the queue. So a queue may be long, the keys in it cost memory for a few
// numbers each, and the batch may be small. The recipe of this page has 1024 places and batches of 64 images. Both views
// of an image become keys, one after the other, so that the oldest key is eight steps old.
//
// ## A network that follows slowly
//
// The keys in the queue come from different steps, hence from different networks. They can be compared only if those
// networks differ little. So keys are made by a network of their own, the *target*, which no gradient reaches. It follows
// the trained one: $\theta' \leftarrow m\,\theta' + (1-m)\,\theta$. Below, one weight moves and jumps from step to step,
// and two averages follow it, with two values of the *momentum* $m$.

// %%

// ShowFollowing draws a weight that jumps, and what follows it.
func ShowFollowing() {
	random := rand.New(rand.NewPCG(1, 0))
	curves := []show.Series{{Name: "trained"}, {Name: "target, m = 0.8"}, {Name: "target, m = 0.97"}}
	place := make([]float64, len(curves))
	for step := range 150 {
		weight := math.Sin(float64(step)/40) + 0.15*random.NormFloat64()
		for i, m := range []float64{0, 0.8, 0.97} {
			place[i] = m*place[i] + (1-m)*weight
			curves[i].Y = append(curves[i].Y, place[i])
		}
	}
	check(show.Lines("a weight", "step", curves...).Show())
}

//gonb:%exec ShowFollowing

// %% [markdown]
// The more momentum, the smoother, and the later. Published recipes have 0.99 to 0.999, for tens of thousands of steps; a
// run of a few hundred steps would be over before such a target had left its start, so it is 0.97 here.
//
// ## The first steps
//
// The loss is that of a question with $K+1$ answers, the key $k$ and the $K$ keys $k_i$ of the queue:
//
// $$-\log\frac{\exp(q\cdot k/\tau)}{\exp(q\cdot k/\tau)+\sum_i\exp(q\cdot k_i/\tau)}$$
//
// A network that makes the same of all images has $\ln(K+1)$, 6.93 for 1024 places. Let us look at the first steps one by
// one. The step is that of tutorial 3, with the library's loss: queue and target are *buffers*, variables that no gradient
// reaches, and `Loss` leaves them as they have to be after the step.

// %%

// mode says that batch norm uses the statistics of the batch.
var mode = nn.Mode{Training: true, Precision: device.F32}

// DrawViews draws two views of each image, others in each step.
func DrawViews(key, pixels *graph.Node) (views []*graph.Node) {
	for i, policy := range Recipe().Views {
		views = append(views, policy.View(op.KeyNodeAt(key, uint64(i)), augment.Whole(pixels)))
	}
	return views
}

// Step is a training step.
//
//	in   parameters, velocity, buffers, number of the step, pixels [batch, 32, 32, 3]
//	out  the first four after the step, and the loss before it
func Step(vars *nn.Variables, in []*graph.Node) (out []*graph.Node) {
	r := Recipe()
	params, velocity, buffers, number, pixels := in[0], in[1], in[2], in[3], in[4]
	key := op.KeyNode(graph.Const(number.Graph(), r.Seed), number)
	model := vars.Bind(mode, params, buffers).WithKey(key, len(r.Views)) // for the order in which keys are made
	value := r.Method.Loss(method.NewStep(r.Method, model.Scope, r.Backbone, DrawViews(key, pixels))).Loss
	lr := graph.Const(number.Graph(), float32(r.LR.From))
	params, slots := r.Optim.Step(optim.Update{
		Params: params, Gradient: model.Gradient(value), Slots: []*graph.Node{velocity}, LR: lr,
	})
	return []*graph.Node{params, slots[0], model.BuffersAfter(), graph.AddScalar(number, 1), value}
}

// %%

// narrow makes float32 of float64.
func narrow(values []float64) []float32 {
	result := make([]float32, len(values))
	for i, v := range values {
		result[i] = float32(v)
	}
	return result
}

// Declare finds the variables of the networks, and the queue.
func Declare() *nn.Variables {
	r := Recipe()
	return must(nn.Declare(must(device.Open(kind)).Backend, mode, func(scope *nn.Scope) {
		view := graph.Zeros(scope.Graph(), shapes.Make(dtypes.Float32, r.Batch, 32, 32, 3))
		r.Method.Loss(method.NewStep(r.Method, scope, r.Backbone, []*graph.Node{view, view}))
	}))
}

// %% [markdown]
// Now the batches are others in each step, because keys of the same images in the queue would be wrong negatives.

// %%

// ByHand makes training steps, and returns their losses.
func ByHand() (losses []float64) {
	r, vars := Recipe(), Declare()
	build := func(in []*graph.Node) []*graph.Node { return Step(vars, in) }
	step := must(graph.NewExec(must(device.Open(kind)).Backend, build))

	params, buffers := vars.Initial(r.Seed)
	state := []any{narrow(params), make([]float32, len(params)), narrow(buffers), int32(0)}
	batches := slices.Collect(slices.Chunk(Data().Train.Pixels, r.Batch*32*32*3))
	for i := range steps {
		pixels := tensors.FromFlatDataAndDimensions(batches[i%r.Steps()], r.Batch, 32, 32, 3)
		after := must(step.Exec(append(state, pixels)...))
		for k := range state {
			state[k] = after[k]
		}
		losses = append(losses, float64(after[4].Value().(float32)))
	}
	return losses
}

// ShowFirstSteps draws the losses, and that of a network that tells nothing apart.
func ShowFirstSteps() {
	losses := ByHand()
	nothing := slices.Repeat([]float64{MoCo().Collapsed(0).Loss}, len(losses))
	check(show.Lines("loss", "step", show.Series{Name: "MoCo", Y: losses},
		show.Series{Name: "ln(K + 1): all keys the same", Y: nothing}).Show())
}

//gonb:%exec ShowFirstSteps

// %% [markdown]
// At first the queue holds random directions, and a key is easy to tell from noise. Each step brings 128 true keys, and an
// untrained network makes nearly the same key of all images: the loss goes up towards $\ln(K+1)$, until after eight steps
// the last noise is gone. Then the network learns, and it falls. But soon it rises again, and stays high: the target
// follows, and better keys in the queue are harder to tell from the right one. So a loss that rises is no run that fails,
// and MoCo's loss is no measure of how good the features are.
//
// ## Training
//
// Watch kNN accuracy at the left, not the loss: is it above the dashed line, which is the network before training?

// %%

// Train trains the network.
func Train() {
	options := train.Options{Dir: folder, Device: kind, Report: show.Progress()}
	_, err := train.Run(context.Background(), Recipe(), options)
	check(err)
}

//gonb:%exec Train

// %% [markdown]
// ## What lies in the queue
//
// A run's folder keeps all variables, the queue too. The last step left 128 keys in it: 64 of one view of each image, then
// 64 of the other views of the same images. Below are the similarities of 32 of them: keys 0 to 15 are of sixteen images,
// keys 16 to 31 of the same images in the same order.

// %%

// Queue is what lies in the queue after training, oldest keys first.
func Queue() [][]float32 {
	weights := must(train.ReadWeights(folder))
	buffer := map[string][]float32{}
	for _, v := range weights.Variables.Buffers() {
		buffer[v.Path] = narrow(weights.Buffers[v.Offset : v.Offset+v.Size()])
	}
	queue := slices.Collect(slices.Chunk(buffer["queue"], MoCo().Projector.Out))
	next := int(buffer["queue_position"][0]) // the place of the oldest key
	return slices.Concat(queue[next:], queue[:next])
}

// Dot is the cosine of two keys, whose lengths are 1.
func Dot(a, b []float32) (dot float32) {
	for k := range a {
		dot += a[k] * b[k]
	}
	return dot
}

// ShowKeys shows how alike keys of the last step are.
func ShowKeys() {
	queue, batch := Queue(), Recipe().Batch
	newest := queue[len(queue)-2*batch:]
	keys := slices.Concat(newest[:16], newest[batch:batch+16])
	var values []float32
	var same, other float32
	for i, a := range keys {
		for j, b := range keys {
			values = append(values, Dot(a, b))
			if i < 16 && j == i+16 {
				same += Dot(a, b) / 16
			} else if i < 16 && j >= 16 {
				other += Dot(a, b) / (16 * 15)
			}
		}
	}
	check(show.Matrix("similarity of keys of the last step", values, 1).Show())
	fmt.Printf("mean similarity: %.2f for one image, %.2f for two images\n", same, other)
}

//gonb:%exec ShowKeys

// %% [markdown]
// The dark stripes at a distance of 16 from the diagonal are what was trained: both keys of an image are alike, wherever
// its views were cut out. Much of the rest is red, too: keys of other images are less alike, but far from opposite. Some of
// these images are of one class. The loss pushes them apart as well, since it knows no classes.
//
// ## A linear classifier on frozen features
//
// Now the labels, for the first time. The backbone stays as it is, *frozen*: it makes features of all images, once. A
// linear classifier is fitted to these features of the training images, a *linear probe*: a weight for each feature and
// class. It can tell apart what planes in the space of the features can separate. kNN fits nothing, and asks which images
// are near. Features of the network before training show what the classifiers do by themselves.

// %%

// Features are those of training and test images.
func Features(model *pretrained.Model) (bank, queries *embedding.Set) {
	set := Data()
	bank = must(model.Embed(context.Background(), kind, set.Train))
	return bank, must(model.Embed(context.Background(), kind, set.Test))
}

// Judge prints the accuracy of both classifiers on a model's features.
func Judge(name string, model *pretrained.Model) (knn, linear float64) {
	ctx := context.Background()
	bank, queries := Features(model)
	neighbours := must(Recipe().Eval.Classify(ctx, kind, bank, queries))
	probe := must(eval.DefaultLinear().Classify(ctx, kind, bank, queries))
	knn, linear = eval.Accuracy(neighbours, queries.Labels), eval.Accuracy(probe, queries.Labels)
	fmt.Printf("%-22s%8.3f%8.3f\n", name, knn, linear)
	return knn, linear
}

// JudgeBoth compares the networks before and after training.
func JudgeBoth() {
	fmt.Printf("%-22s%8s%8s\n", "features of", "kNN", "linear")
	Judge("the untrained network", must(pretrained.Untrained(Recipe())))
	Judge("MoCo", must(pretrained.Open(folder)))
}

//gonb:%exec JudgeBoth

// %% [markdown]
// Training without labels has helped both. The linear classifier is ahead of kNN, because it can choose which features count;
// for kNN all count alike, also those that hold something else than the class. So published results name both: how near
// things of one class lie, and how well they can be told apart.
//
// How many neighbours are asked matters, too; one search answers for several numbers and temperatures. And without any
// label, *RankMe* and *effective rank* count the directions that features use: a network that has collapsed has hardly any.
// Comparisons quote a third thing, a probe fitted to images that are cropped anew in each epoch. `eval.DefaultMeasures` has
// that as well, with 90 passes through the network; on these drawings, whose forms crops enlarge, it does worse than the
// one above.

// %%

// Measure prints what comparisons quote.
func Measure() {
	model := must(pretrained.Open(folder))
	measures := eval.Measures{Ranks: true, KNN: eval.DefaultGrid()}
	fmt.Println(must(model.Measure(context.Background(), kind, Data(), measures)))
}

//gonb:%exec Measure

// %% [markdown]
// ## What is taken for what
//
// An accuracy is one number; the *confusion matrix* says where it comes from. A row is a true class, and its cells say
// what the linear classifier took those images for. What is right is on the diagonal.

// %%

// Predict returns what the linear classifier says of the test images, and what is true.
func Predict() (predicted, truth []int32) {
	bank, queries := Features(must(pretrained.Open(folder)))
	predicted = must(eval.DefaultLinear().Classify(context.Background(), kind, bank, queries))
	return predicted, queries.Labels
}

// ShowConfusion shows the confusion matrix.
func ShowConfusion() {
	predicted, truth := Predict()
	check(show.Confusion(truth, predicted, Data().Test.Classes).Show())
}

//gonb:%exec ShowConfusion

// %% [markdown]
// Mistakes are not spread evenly: a class has its favourites. Look for the largest number beside the diagonal, and then at
// its images. When this text was written it was discs that were taken for squares, and squares for discs: compact forms
// without holes and tips. Do they look alike to you, too?

// %%

// Worst is the pair of classes with the most mistakes: images of the first taken for the second.
func Worst(predicted, truth []int32) (class, taken int32) {
	count, most := map[[2]int32]int{}, 0
	for i := range truth {
		pair := [2]int32{truth[i], predicted[i]}
		count[pair]++
		if truth[i] != predicted[i] && count[pair] > most {
			class, taken, most = truth[i], predicted[i], count[pair]
		}
	}
	return class, taken
}

// ShowWorst shows images that were confused, between some that were recognised.
func ShowWorst() {
	test := Data().Test
	predicted, truth := Predict()
	class, taken := Worst(predicted, truth)
	var labels []string
	var rows []*dataset.Images
	for _, pair := range [][2]int32{{class, class}, {class, taken}, {taken, taken}} {
		var which []int
		for i := range truth {
			if pair == [2]int32{truth[i], predicted[i]} && len(which) < 10 {
				which = append(which, i)
			}
		}
		if len(which) > 0 {
			labels = append(labels, test.Classes[pair[0]]+" taken for "+test.Classes[pair[1]])
			rows = append(rows, test.Pick(which...))
		}
	}
	check(show.Rows(labels, rows).Show())
}

//gonb:%exec ShowWorst

// %% [markdown]
// **Try:** let `Recipe` change its copy of the method, `m := r.Method.(method.MoCo); m.Queue = 128; r.Method = m`. What
// becomes of loss and accuracy? And with a `Momentum` of 0.5? A run with another recipe wants another `folder`. At last,
// fit the probe to few labels: `bank.Features[:100*bank.Dim]` and `bank.Labels[:100]`.
//
// Next: *5. SimSiam and collapse*.
