// Simsiam_collapse takes SimSiam apart until it collapses, and looks at the maps
// of what is learnt and of what is left. Its notebook is made from this file;
// main.go makes it a program.
package main

// %% [markdown]
// # 5. SimSiam and collapse
//
// You know a method that pushes images apart, such as SimCLR (tutorial 3), and wonder how one can do without that. You
// will see
//
// - why "the two views of an image shall be alike" has a solution that is worth nothing;
// - which two parts of SimSiam keep it from that solution, by taking out one after the other;
// - what a collapse looks like in the curves of a run, and how the library warns of it;
// - maps of what a network has learnt, by PCA and by t-SNE, of a healthy run and of a collapsed one.
//
// The pictures are drawn on this machine. On two CPUs the page takes two minutes.

// %%

import (
	"context"
	"fmt"
	"log"
	"path/filepath"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/op"
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
// How much to train. More epochs make everything below clearer.

// %% tags=["parameters"]

var (
	images = 5000 // to train on
	mapped = 1000 // test images that the maps show
	epochs = 5
	seed   = 0 // another one is another start, other views and another order of the images
	kind   = device.Auto
	folder = filepath.Join("runs", "simsiam_collapse")
)

// %% [markdown]
// ## The solution that is worth nothing
//
// Draw two views of each image, embed them as $z_1$ and $z_2$, and ask that they point in the same direction. A network
// that gives *every* image the same embedding obeys perfectly. It has *collapsed*. SimCLR forbids that by pushing the
// other images of the batch away. SimSiam (Chen and He, 2020, arXiv:2011.10566) pushes nothing away. A small network, the
// *predictor*, makes $p$ of $z$, and the loss is
//
// $$-\tfrac12\cos(p_1, \mathrm{stop}(z_2)) - \tfrac12\cos(p_2, \mathrm{stop}(z_1)).$$
//
// What is inside $\mathrm{stop}$ counts as a constant: the gradient does not flow into it. The loss lies between 1 and
// −1, and −1 is also what the collapsed network has. Nothing in the formula says that it must not go there.
//
// ## Two methods that lack something
//
// A method is a type with a function `Loss`. `WithoutStop` has all that SimSiam has, its fields and its other functions,
// but its loss lets the gradient through. `Projections` embeds both views, `Predictions` applies the predictor to each.

// %%

// WithoutStop is SimSiam that also moves what it predicts towards the prediction.
type WithoutStop struct{ method.SimSiam }

// Loss is the mean of both directions' negative cosine.
func (m WithoutStop) Loss(step method.Step) method.Output {
	z := step.Projections(m.Projector, step.Full)
	p := step.Predictions(m.Predictor, z)
	both := graph.Add(loss.NegativeCosine(p[0], z[1]), loss.NegativeCosine(p[1], z[0]))
	return method.Output{Loss: graph.MulScalar(both, 0.5), Embedding: z[0]}
}

var _ = method.Register(WithoutStop{}) // so that its runs can be opened

// %% [markdown]
// The other one stops the gradient, but predicts nothing: it compares the projections themselves.

// %%

// WithoutPredictor is SimSiam that takes the projection for the prediction.
type WithoutPredictor struct{ method.SimSiam }

// Loss is the mean of both directions' negative cosine.
func (m WithoutPredictor) Loss(step method.Step) method.Output {
	z := step.Projections(m.Projector, step.Full)
	both := graph.Add(
		loss.NegativeCosine(z[0], graph.StopGradient(z[1])),
		loss.NegativeCosine(z[1], graph.StopGradient(z[0])))
	return method.Output{Loss: graph.MulScalar(both, 0.5), Embedding: z[0]}
}

var _ = method.Register(WithoutPredictor{})

// %% [markdown]
// ## Three runs
//
// They have the same images, the same network to start with, and the same views. The numbers of each epoch appear while
// it trains. Watch the loss: the two that lack something get a smaller one than SimSiam, as if they were better. Then read
// the warnings.

// %%

// Recipes are the three runs.
func Recipes() []recipe.Recipe {
	r := must(recipe.Shapes("SimSiam"))
	r.Batch, r.LR.From = 32, 0.14 // more and larger steps than the recipe's: what collapses does so sooner
	r.TrainImages, r.Epochs, r.Seed = images, epochs, uint64(seed)
	whole := r.Method.(method.SimSiam)
	noStop, noPredictor := r, r
	noStop.Name, noStop.Method = "without stop", WithoutStop{whole}
	noPredictor.Name, noPredictor.Method = "without predictor", WithoutPredictor{whole}
	return []recipe.Recipe{r, noStop, noPredictor}
}

// Train trains all three.
func Train() {
	for _, r := range Recipes() {
		fmt.Println(r.Name)
		options := train.Options{Dir: filepath.Join(folder, r.Name), Device: kind, Report: show.Progress()}
		_, err := train.Run(context.Background(), r, options)
		check(err)
	}
}

//gonb:%exec Train

// %% [markdown]
// ## How one sees a collapse
//
// The *spread*, at the right, is the standard deviation of the normalised embeddings in each dimension, averaged, and
// times $\sqrt{\mathrm{dim}}$: about 1 for directions that are spread evenly, 0 if all are the same. SimSiam keeps it
// near 1 from the first epoch to the last. The other two lose more than nine tenths of it.
//
// Their kNN accuracy, at the left, does not tell the collapse so clearly. It stays not far from that of the untrained
// network, which is no bad one: neighbours need only directions that differ a little, and we measure it at the backbone,
// two layers before the loss. So look at the spread first.

// %%

// Results opens the folders of the runs.
func Results() []*train.Result {
	var results []*train.Result
	for _, r := range Recipes() {
		results = append(results, must(train.Open(filepath.Join(folder, r.Name))))
	}
	return results
}

// ShowCurves shows accuracy and spread by epoch.
func ShowCurves() {
	check(show.Curves(Results()...).Show())
}

//gonb:%exec ShowCurves

// %% [markdown]
// The loss says the opposite.

// %%

// ShowLoss shows the training loss by epoch.
func ShowLoss() {
	var curves []show.Series
	for _, result := range Results() {
		curve := show.Series{Name: result.Recipe.Name}
		for _, e := range result.Epochs[1:] { // 0 is the untrained network
			curve.X, curve.Y = append(curve.X, float64(e.Epoch)), append(curve.Y, e.Loss)
		}
		curves = append(curves, curve)
	}
	check(show.Lines("training loss (−1: collapsed, or solved)", "epoch", curves...).Show())
}

//gonb:%exec ShowLoss

// %% [markdown]
// ## The warning
//
// `train.Run` computes the spread in every step and keeps its mean with each epoch, as `EmbeddingSpread`. Below 0.1 the
// epoch gets a warning, which the progress, the table below and the run's folder show.

// %% tags=["summary"]

// ShowTable prints the runs in numbers, and what is wrong with them.
func ShowTable() {
	check(show.Comparison(Results()...).Show())
}

//gonb:%exec ShowTable

// %% [markdown]
// ## Every image like every other
//
// What one uses of a network are the features of its backbone, before the projector. Each row and column below is a test
// image, six of each class, class after class; the colour is the cosine of their features. SimSiam tells images apart, and
// dark squares on the diagonal are images of one class that it finds alike. Without the stop almost everything is like
// everything: the backbone has collapsed, too, though not as far as what the projector makes of it.

// %%

// Features are those of test images, as a run's network has them.
func Features(run string, n int) *embedding.Set {
	model := must(pretrained.Open(filepath.Join(folder, run)))
	set := must(dataset.Load(context.Background(), dataset.Shapes, images, n, nil))
	return must(model.Embed(context.Background(), kind, set.Test))
}

// Similarity is the cosine of each pair of rows of h, [n, dim]: [n, n].
func Similarity(h *graph.Node) *graph.Node {
	h = op.Normalize(h)
	return op.MatMulT(h, h)
}

// ShowSimilarity shows how alike the features of 60 images are, six of each class, class after class.
func ShowSimilarity() {
	for _, r := range Recipes()[:2] {
		set := Features(r.Name, 60)
		var rows [][]float32
		for i := range set.Len() { // the class of image i is i mod 10
			rows = append(rows, set.Row(i/6+i%6*10))
		}
		alike := tensors.MustCopyFlatData[float32](graph.MustExecOnce(must(device.Open(kind)).Backend, Similarity, rows))
		mean := 0.0
		for _, cosine := range alike {
			mean += float64(cosine) / float64(len(alike))
		}
		check(show.Matrix(fmt.Sprintf("cosines of features, %s: %.2f on average", r.Name, mean), alike, 1).Show())
	}
}

//gonb:%exec ShowSimilarity

// %% [markdown]
// ## Maps
//
// Features have 32 numbers here, a screen has two dimensions. *PCA* looks at the cloud of features from the side where it is
// widest. It is a projection: straight lines stay straight, what is far apart on the map is far apart. What the map leaves
// out, it says: the rest of the variance.
//
// Each map fills its frame, so you cannot see which cloud is the larger one. But you can see its form. SimSiam's fills the
// plane, and some classes, such as squares and discs, lie together. Without the stop nearly all images are one lump, in
// which the classes are mixed, with a tail of a few odd ones.

// %%

// ShowPCA shows the plane in which the features vary most.
func ShowPCA() {
	for _, r := range Recipes()[:2] {
		set := Features(r.Name, mapped)
		m := must(embedding.PCA(set, 2))
		fmt.Printf("%s: the plane has %.0f %% of the variance\n", r.Name, 100*(m.Explained[0]+m.Explained[1]))
		check(show.Map(m.Points, set.Labels, set.Classes).Show())
	}
}

//gonb:%exec ShowPCA

// %% [markdown]
// *t-SNE* (van der Maaten and Hinton, 2008) bends the cloud: it looks for places in the plane where neighbours stay
// neighbours. That shows groups which PCA lays over each other. But distances between groups, and their sizes, mean
// little. And it stretches whatever it gets: the map of the collapsed features is no smaller and has groups, too. Only the
// colours betray that they have less to do with the classes. Never take a t-SNE map for proof that a network has learnt
// something.

// %%

// ShowTSNE shows a map on which neighbours stay neighbours.
func ShowTSNE() {
	for _, r := range Recipes()[:2] {
		set := Features(r.Name, mapped)
		m := must(embedding.TSNE(context.Background(), set, embedding.TSNEOptions{}))
		fmt.Println(r.Name)
		check(show.Map(m.Points, set.Labels, set.Classes).Show())
	}
}

//gonb:%exec ShowTSNE

// %% [markdown]
// Colours show the classes that *we* have in mind. The images themselves show what the network has. Look which images it
// puts together, and at what differs along the map: the ground behind the forms, light or dark, is often the first thing.
// Nobody told it to look for the form.

// %%

// ShowThumbnails shows the images themselves on SimSiam's map.
func ShowThumbnails() {
	set := must(dataset.Load(context.Background(), dataset.Shapes, images, mapped, nil))
	m := must(embedding.TSNE(context.Background(), Features("SimSiam", mapped), embedding.TSNEOptions{}))
	check(show.Thumbnails(m.Points, set.Test).Show())
}

//gonb:%exec ShowThumbnails

// %% [markdown]
// **Try:** set `seed` to 1 in the cell of parameters and `folder` to another one, and run all: accuracies change a lot from
// seed to seed, spreads do not. Show `Recipes()[2]` in the maps, too. Give SimSiam's recipe `r.LR.From = 0.1`: does it
// learn more? And what becomes of the other two?
//
// Next: *6. BYOL and BarlowTwins*.
