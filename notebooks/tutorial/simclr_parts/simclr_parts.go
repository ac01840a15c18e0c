// Simclr_parts takes SimCLR apart: views, networks, loss and update, by hand and
// from the library, and what becomes of it without colour jitter. Its notebook is
// made from this file; main.go makes it a program.
package main

// %% [markdown]
// # 3. SimCLR from its parts
//
// You have trained a network in the quickstart, and want to know what happens inside. You will see
//
// - the four parts of SimCLR (Chen et al., 2020, arXiv:2002.05709): views, backbone, projection head, loss;
// - its loss, NT-Xent, computed by hand for three images;
// - a training step written out, compiled as one function, and called a few dozen times;
// - what a trained network takes for alike, and how the choice of the views decides it.
//
// The pictures are drawn on this machine. On two CPUs the page takes under two minutes.

// %%

import (
	"context"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
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
// How much to train, and where. The recipe is SimCLR's for the drawn pictures, with a network half as wide.

// %% tags=["parameters"]

var (
	images = 5000 // to train on
	epochs = 5
	steps  = 40 // by hand
	kind   = device.Auto
	folder = filepath.Join("runs", "simclr_parts")
)

// %%

// Recipe is what this page trains.
func Recipe() recipe.Recipe {
	r := must(recipe.Shapes("SimCLR"))
	r.TrainImages, r.Epochs = images, epochs
	r.Backbone, r.Batch, r.LR.From = backbone.Tiny().Sized(8), 64, 0.06
	return r
}

// Data are the images to train on and to test with.
func Data() *dataset.Set {
	return must(train.Load(context.Background(), Recipe(), nil))
}

// %% [markdown]
// ## Views
//
// From each image two *views* are drawn: random crops, scaled up again, half of them mirrored, most of them with other
// brightness, contrast and colours, some in grey. The images stand in the first row, two views of each below them. Nothing
// but the form is left that both views of a column are sure to have in common. So form is what one has to look at to say
// which views belong together.

// %%

// ShowViews shows what the network gets to see.
func ShowViews() {
	check(show.Views(Data().Train, 10, Recipe().Views[0], 2, kind).Show())
}

//gonb:%exec ShowViews

// %% [markdown]
// ## Backbone and projection head
//
// The *backbone* makes features $h$ of a view. It is what one wants to have in the end. The *projection head*, a small
// network of two dense layers, makes a projection $z$ of the features, and the loss compares projections. After training
// the head is thrown away: it has learnt to drop what the views differ in, and some of that is of use later.
//
// A network is a function that builds a graph, and `scope` is where its variables are. `nn.Declare` builds the graph once,
// to find out which variables there are.

// %%

// Network makes features and projections of views.
//
//	view  [batch, 32, 32, 3]
//	h     [batch, features]
//	z     [batch, dim]
func Network(scope *nn.Scope, view *graph.Node) (h, z *graph.Node) {
	r := Recipe()
	h = r.Backbone.Forward(scope.In("backbone"), view)
	z = r.Method.(method.SimCLR).Projector.Forward(scope.In("projector"), h)
	return h, z
}

// mode says that batch norm uses the statistics of the batch.
var mode = nn.Mode{Training: true, Precision: device.F32}

// Declare finds the variables of the network, and the shapes of its outputs.
func Declare() (vars *nn.Variables, h, z shapes.Shape) {
	vars = must(nn.Declare(must(device.Open(kind)).Backend, mode, func(scope *nn.Scope) {
		shape := shapes.Make(dtypes.Float32, Recipe().Batch, 32, 32, 3)
		view := graph.Zeros(scope.Graph(), shape)
		features, projections := Network(scope, view)
		h, z = features.Shape(), projections.Shape()
	}))
	return vars, h, z
}

// ShowNetwork prints shapes, and the number of parameters of both parts.
func ShowNetwork() {
	vars, h, z := Declare()
	count := map[string]int{}
	for _, v := range vars.Params() {
		part, _, _ := strings.Cut(v.Path, "/")
		count[part] += v.Size()
	}
	fmt.Printf("backbone   %d parameters, h %s\n", count["backbone"], h)
	fmt.Printf("projector  %d parameters, z %s\n", count["projector"], z)
}

//gonb:%exec ShowNetwork

// %% [markdown]
// ## The loss, by hand
//
// Three images have six views, and here are their projections, in a plane so that one can draw them. Rows of `z0` and
// `z1` with the same number are views of the same image. The loss looks at nothing but *cosine similarities*: 1 for the
// same direction, 0 for a right angle, −1 for opposite directions.

// %%

var (
	z0 = [][]float64{{1, 0.2}, {-0.5, 1}, {-0.4, -1}}
	z1 = [][]float64{{1, -0.3}, {-0.9, 0.8}, {0.2, -1}}
)

// Cosine is the similarity of two projections.
func Cosine(a, b []float64) float64 {
	dot, aa, bb := 0.0, 0.0, 0.0
	for k := range a {
		dot, aa, bb = dot+a[k]*b[k], aa+a[k]*a[k], bb+b[k]*b[k]
	}
	return dot / math.Sqrt(aa*bb)
}

// ShowSimilarities shows how alike all pairs of views are: z0 is 0 to 2, z1 is 3 to 5.
func ShowSimilarities() {
	var values []float32
	z := slices.Concat(z0, z1)
	for i := range z {
		for j := range z {
			values = append(values, float32(Cosine(z[i], z[j])))
		}
	}
	check(show.Matrix("cosine similarity of six views", values, 1).Show())
}

//gonb:%exec ShowSimilarities

// %% [markdown]
// The diagonal compares views with themselves and does not count. The *positive* of view 0 is view 3, that of view 1 is
// view 4, that of view 2 is view 5: the red stripes beside the diagonal. In each row the loss asks for the positive, as if
// the views were classes and the similarities, divided by a *temperature* $\tau$, were logits:
//
// $$\ell_i = -\log\frac{\exp(s_{i,\mathrm{positive}}/\tau)}{\sum_{j\ne i}\exp(s_{ij}/\tau)}$$
//
// It is small if the positive is much more alike than all the others together, the *negatives*. NT-Xent is the mean over
// all rows. Here it stands in plain loops, and beside it what the library's graph function makes of the same numbers.

// %%

// Loops is NT-Xent as its formula says.
func Loops(z0, z1 [][]float64, temperature float64) float64 {
	z, sum := slices.Concat(z0, z1), 0.0
	for i := range z {
		positive, all := (i+len(z0))%len(z), 0.0
		for j := range z {
			if j != i {
				all += math.Exp(Cosine(z[i], z[j]) / temperature)
			}
		}
		sum -= math.Log(math.Exp(Cosine(z[i], z[positive])/temperature) / all)
	}
	return sum / float64(len(z))
}

// Compiled is the library's NT-Xent.
func Compiled(z0, z1 [][]float64, temperature float64) float64 {
	build := func(z0, z1 *graph.Node) *graph.Node { return loss.NTXent(z0, z1, temperature) }
	exec := must(graph.NewExec(must(device.Open(kind)).Backend, build))
	return must(exec.Exec1(z0, z1)).Value().(float64)
}

// Compare prints both, and the loss of projections that are all the same.
func Compare() {
	fmt.Printf("by hand       %.10f\n", Loops(z0, z1, 0.5))
	fmt.Printf("loss.NTXent   %.10f\n", Compiled(z0, z1, 0.5))
	same := [][]float64{{1, 1}, {1, 1}, {1, 1}}
	fmt.Printf("all the same  %.10f, ln 5 is %.10f\n", Loops(same, same, 0.5), math.Log(5))
}

//gonb:%exec Compare

// %% [markdown]
// If all projections are the same, each of the five others is as likely as the positive, and the loss is $\ln 5$; with a
// batch of $n$ images it is $\ln(2n-1)$. A network that has learnt nothing is not far from that.
//
// **Try:** a temperature of 0.1, at both places. The loss all but vanishes, because differences of similarity count five
// times as much. Then exchange two rows of `z1`, so that they no longer belong to those of `z0`.
//
// ## A training step, by hand
//
// Now the parts are put together. The step below gets parameters and images, and returns the parameters after it. Read
// it from top to bottom: views, network, loss, gradient, update. All parameters are one long vector, and so is their
// gradient, so that the update, stochastic gradient descent with momentum, is a formula for two vectors. `Bind` cuts the
// parameters out of their vector. Random numbers come from a key, and the key from the number of the step.

// %%

// DrawViews draws two views of each image, others in each step.
func DrawViews(number, pixels *graph.Node) (views []*graph.Node) {
	r := Recipe()
	key := op.KeyNode(graph.Const(number.Graph(), r.Seed), number)
	for i, policy := range r.Views {
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
	model := vars.Bind(mode, params, buffers)
	var z []*graph.Node
	for _, view := range DrawViews(number, pixels) {
		_, projection := Network(model.Scope, view)
		z = append(z, projection) // [batch, dim]
	}
	value := loss.NTXent(z[0], z[1], r.Method.(method.SimCLR).Temperature)
	lr := graph.Const(number.Graph(), float32(r.LR.From))
	params, slots := r.Optim.Step(optim.Update{
		Params: params, Gradient: model.Gradient(value), Slots: []*graph.Node{velocity}, LR: lr,
	})
	return []*graph.Node{params, slots[0], model.BuffersAfter(), graph.AddScalar(number, 1), value}
}

// %% [markdown]
// `Step` computes nothing yet. It describes one function, from images to new parameters, which XLA compiles as a whole.
// What a step returns, the next one gets. The batch here is always the same, 64 images, but each step draws new views of
// them.

// %%

// narrow makes float32 of float64.
func narrow(values []float64) []float32 {
	result := make([]float32, len(values))
	for i, v := range values {
		result[i] = float32(v)
	}
	return result
}

// ByHand makes training steps, and returns their losses.
func ByHand() (losses []float64) {
	vars, _, _ := Declare()
	build := func(in []*graph.Node) []*graph.Node { return Step(vars, in) }
	step := must(graph.NewExec(must(device.Open(kind)).Backend, build))

	params, buffers := vars.Initial(Recipe().Seed)
	batch := Data().Train.First(Recipe().Batch)
	pixels := tensors.FromFlatDataAndDimensions(batch.Pixels, batch.Len(), 32, 32, 3)
	state := []any{narrow(params), make([]float32, len(params)), narrow(buffers), int32(0)}
	for range steps {
		after := must(step.Exec(append(state, pixels)...))
		for i := range state {
			state[i] = after[i]
		}
		losses = append(losses, float64(after[4].Value().(float32)))
	}
	return losses
}

// ShowByHand draws the losses, and that of a network that tells nothing apart.
func ShowByHand() {
	losses := ByHand()
	nothing := slices.Repeat([]float64{Recipe().Method.(method.SimCLR).Collapsed(Recipe().Batch).Loss}, len(losses))
	check(show.Lines("NT-Xent", "step", show.Series{Name: "by hand", Y: losses},
		show.Series{Name: "ln(2·64 − 1): nothing learnt", Y: nothing}).Show())
}

//gonb:%exec ShowByHand

// %% [markdown]
// The loss falls, but not smoothly, because each step has other views. It starts below the line: even random weights make
// something a little alike of two views of one image. That is all there is to training. What the library adds is the rest
// of the work: a new order of the images in each epoch, a learning rate that falls, checkpoints, kNN accuracy, and images
// that stay on the device.
//
// ## Training, by the library
//
// The same parts, as `method.SimCLR` has them, on all images. An image of the test set gets the class that its nearest
// neighbours among the training images have; *kNN accuracy* says how often that is right. Guessing gives 0.1. The dashed
// line is the network before training.

// %%

// Train trains a recipe in a folder of its own.
func Train(r recipe.Recipe, name string) {
	options := train.Options{Dir: filepath.Join(folder, name), Device: kind, Report: show.Progress()}
	_, err := train.Run(context.Background(), r, options)
	check(err)
}

// TrainJitter trains with all that the views have.
func TrainJitter() {
	Train(Recipe(), "jitter")
}

//gonb:%exec TrainJitter

// %% [markdown]
// ## What is alike, before and after
//
// Each row begins with an image of the test set. Behind it stand the training images whose features $h$ are most alike to
// its own, first by the network before training, then by the trained one. A cross marks images of another class.

// %%

// Trained is the backbone of a run.
func Trained(name string) *pretrained.Model {
	return must(pretrained.Open(filepath.Join(folder, name)))
}

// Embed makes features of training and test images.
func Embed(model *pretrained.Model) (bank, queries *embedding.Set) {
	data := Data()
	bank = must(model.Embed(context.Background(), kind, data.Train))
	return bank, must(model.Embed(context.Background(), kind, data.Test))
}

// ShowNearest shows the neighbours of the first test images.
func ShowNearest(title string, model *pretrained.Model) {
	bank, queries := Embed(model)
	nearest := must(must(embedding.NewIndex(bank)).NearestOf(context.Background(), queries, 8))
	data := Data()
	check(show.Neighbours(title, data.Test, []int{0, 1, 2, 3, 4}, data.Train, nearest[:5]).Show())
}

// ShowBoth shows neighbours before and after training.
func ShowBoth() {
	ShowNearest("before training", must(pretrained.Untrained(Recipe())))
	ShowNearest("after training", Trained("jitter"))
}

//gonb:%exec ShowBoth

// %% [markdown]
// To random weights images are alike that have the same tone, whatever they show. After training most rows hold one form.
// Size, tilt and the colours of the forms differ within a row. Tone still counts for something: colour jitter changes a
// dark image, but does not make it bright.
//
// ## Without colour jitter
//
// Nobody told the network to look at forms. The views did: colours and brightness change from one view of an image to the
// other, so they are of little use for finding it. What if they do not change? The next recipe differs in that alone.

// %%

// Plain is the recipe whose views keep their colours.
func Plain() recipe.Recipe {
	r := Recipe()
	r.Name = "SimCLR without colour jitter"
	for i := range r.Views {
		v := &r.Views[i]
		v.Brightness, v.Contrast, v.Saturation, v.Hue, v.GrayscaleP = 0, 0, 0, 0, 0
	}
	return r
}

// TrainPlain shows such views, and trains with them.
func TrainPlain() {
	fmt.Println(recipe.Diff(Recipe(), Plain()))
	check(show.Views(Data().Train, 10, Plain().Views[0], 2, kind).Show())
	Train(Plain(), "plain")
}

//gonb:%exec TrainPlain

// %% [markdown]
// The rows of views show it at once: one sees which views belong together without looking at a form. Both runs together:

// %%

// ShowCurves shows both runs.
func ShowCurves() {
	jitter, plain := filepath.Join(folder, "jitter"), filepath.Join(folder, "plain")
	check(show.Curves(must(train.Open(jitter)), must(train.Open(plain))).Show())
}

//gonb:%exec ShowCurves

// %% [markdown]
// Without colour jitter the loss is *lower*: the task has become easier. But the accuracy ends about where it began. The
// network does what it was asked to do, by means that say nothing about the class. A loss says how well the task is done,
// not what the features are good for. Here are the neighbours.

// %%

// ShowPlain shows neighbours after training without colour jitter.
func ShowPlain() {
	ShowNearest("after training without colour jitter", Trained("plain"))
}

//gonb:%exec ShowPlain

// %% [markdown]
// The forms change, ground and tone stay. But five rows prove little, so let us count. For each test image: is its nearest
// neighbour of the same class, and how far apart are the mean colours of the two? (From black to pure red it is 1.) The
// first line has any image in place of the nearest.

// %%

// MeanColour is the mean red, green and blue of an image, each from 0 to 1.
func MeanColour(images *dataset.Images, i int) (mean [3]float64) {
	pixels := images.At(i)
	for k, value := range pixels {
		mean[k%3] += float64(value) / 255 / float64(len(pixels)/3)
	}
	return mean
}

// %%

// Measure compares test images with the training images that nearest names.
func Measure(name string, nearest func(i int) int) (sameClass, distance float64) {
	data := Data()
	n := float64(data.Test.Len())
	for i := range data.Test.Len() {
		j := nearest(i)
		if data.Train.Labels[j] == data.Test.Labels[i] {
			sameClass += 1 / n
		}
		a, b := MeanColour(data.Test, i), MeanColour(data.Train, j)
		distance += math.Hypot(math.Hypot(a[0]-b[0], a[1]-b[1]), a[2]-b[2]) / n
	}
	fmt.Printf("%-24s%8.3f%18.3f\n", name, sameClass, distance)
	return sameClass, distance
}

// MeasureModel compares test images with their nearest neighbours.
func MeasureModel(name string, model *pretrained.Model) (sameClass, distance float64) {
	bank, queries := Embed(model)
	nearest := must(must(embedding.NewIndex(bank)).NearestOf(context.Background(), queries, 1))
	return Measure(name, func(i int) int { return nearest[i][0].Image })
}

// MeasureAll measures the three networks.
func MeasureAll() {
	fmt.Printf("%-24s%8s%18s\n", "neighbours of", "same class", "colour distance")
	random := rand.New(rand.NewPCG(1, 0))
	Measure("chance", func(int) int { return random.IntN(images) })
	MeasureModel("the untrained network", must(pretrained.Untrained(Recipe())))
	MeasureModel("SimCLR", Trained("jitter"))
	MeasureModel("without colour jitter", Trained("plain"))
}

//gonb:%exec MeasureAll

// %% [markdown]
// With colour jitter most nearest neighbours have the same form, and their colours are farther apart than those of the
// untrained network's. Without it the colours are as near as before training, or nearer. That is why the choice of the
// views is half of such a method: *what changes between views is what the network learns to ignore.* If colour was what
// you are after, ripe fruit among unripe, say, then colour jitter would be the mistake.
//
// **Try:** leave `Brightness` as it is in `Plain`, then only `Hue`, and give `Train` another name for each folder. Which of
// them makes the network look at forms? Then take `Recipe()` with a `Scale` of `{1, 1}` in its views, so that they show the
// whole image. What do neighbours have in common now?
//
// Next: *4. MoCo with a memory bank, then a linear classifier*.
