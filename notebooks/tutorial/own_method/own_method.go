// Own_method adds a loss and a method to the library from a notebook. Its
// notebook is made from this file; main.go makes it a program.
package main

// %% [markdown]
// # 8. Your own method
//
// You have an idea for a loss, and want to know what it is worth. You will
//
// - write the loss as a graph function, and check it against plain loops;
// - make a method of it, and train that like any other, with curves, checkpoints and warnings;
// - break it on purpose, and see what the library says;
// - read what it takes to move it into the library, and what will be checked there.
//
// The example is *alignment and uniformity* (Wang and Isola, 2020, arXiv:2005.10242): two views of a picture should lie
// close together on the sphere (alignment), and all pictures should spread over it evenly (uniformity). SimCLR does both
// at once without saying so. On two CPUs the page takes about two minutes.

// %%

import (
	"context"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"path/filepath"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/op"
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
// ## Settings

// %% tags=["parameters"]

var (
	epochs = 3    // of each run
	images = 5000 // to train on
)

// %%

var (
	kind   = device.Auto // a GPU if there is one
	folder = filepath.Join("runs", "own_method")
)

// %% [markdown]
// ## The loss
//
// With projections $z$ of length 1, alignment is the mean of $\lVert z_0 - z_1 \rVert^2$ over the pictures. Uniformity is
// $\log$ of the mean of $e^{-2 \lVert z_i - z_j \rVert^2}$ over all pairs of different pictures: low if they are far apart.
// On the sphere $\lVert z_i - z_j \rVert^2 = 2 - 2\, z_i \cdot z_j$, so one matrix product gives all distances.
//
// `op` has what GoMLX lacks or does slowly: `op.MatMulT` is a product whose gradient is two products.

// %%

// Alignment is the mean squared distance of the two views of an image.
//
//	z0, z1  [batch, dim], rows of length 1
//	result  scalar
func Alignment(z0, z1 *graph.Node) *graph.Node {
	return graph.ReduceAllMean(graph.ReduceSum(graph.Square(graph.Sub(z0, z1)), -1))
}

// Uniformity is the logarithm of the mean potential of all pairs of images.
//
//	z       [batch, dim], rows of length 1
//	result  scalar
func Uniformity(z *graph.Node) *graph.Node {
	batch := float64(z.Shape().Dim(0))
	potential := graph.Exp(graph.MulScalar(graph.AddScalar(op.MatMulT(z, z), -1), 4)) // [batch, batch]
	pairs := graph.AddScalar(graph.ReduceAllSum(potential), -batch)                   // without the diagonal, of ones
	return graph.Log(graph.DivScalar(pairs, batch*(batch-1)))
}

// AlignUniformLoss weighs both parts.
//
//	z0, z1  [batch, dim]
//	result  scalar
func AlignUniformLoss(z0, z1 *graph.Node, weight float64) *graph.Node {
	z0, z1 = op.Normalize(z0), op.Normalize(z1)
	uniformity := graph.MulScalar(graph.Add(Uniformity(z0), Uniformity(z1)), 0.5)
	return graph.Add(Alignment(z0, z1), graph.MulScalar(uniformity, weight))
}

// %% [markdown]
// ## Is it right?
//
// Never train with a loss that you have not computed twice. The second time it may be as slow and simple as you like: loops
// over the formula, without the trick of the matrix product.

// %%

// Loops is AlignUniformLoss, as the formula says it.
func Loops(z0, z1 [][]float64, weight float64) float64 {
	alignment := 0.0
	for i := range z0 {
		alignment += squaredDistance(z0[i], z1[i]) / float64(len(z0))
	}
	return alignment + weight*(spread(z0)+spread(z1))/2
}

func spread(z [][]float64) float64 {
	sum, pairs := 0.0, 0.0
	for i := range z {
		for j := range z {
			if i != j {
				sum += math.Exp(-2 * squaredDistance(z[i], z[j]))
				pairs++
			}
		}
	}
	return math.Log(sum / pairs)
}

func squaredDistance(a, b []float64) float64 {
	sum := 0.0
	for k := range a {
		sum += math.Pow(a[k]/length(a)-b[k]/length(b), 2)
	}
	return sum
}

func length(a []float64) float64 {
	sum := 0.0
	for _, x := range a {
		sum += x * x
	}
	return math.Sqrt(sum)
}

// CheckLoss prints the loss of random projections, computed in both ways.
func CheckLoss() {
	random := rand.New(rand.NewPCG(1, 2))
	z := [2][][]float64{}
	for view := range z {
		for range 6 {
			z[view] = append(z[view], []float64{random.NormFloat64(), random.NormFloat64(), random.NormFloat64()})
		}
	}
	loss := must(graph.NewExec(must(device.Open(kind)).Backend, func(z0, z1 *graph.Node) *graph.Node {
		return AlignUniformLoss(z0, z1, 1)
	}))
	fmt.Println("graph:", must(loss.Exec1(z[0], z[1])).Value())
	fmt.Println("loops:", Loops(z[0], z[1], 1))
}

//gonb:%exec CheckLoss

// %% [markdown]
// ## The method
//
// A method is a type whose fields are its hyperparameters, with three functions. `Loss` builds one training step:
// `Projections` takes both views through the backbone and a head, whose variables are trained, and the loss compares what
// comes out.
//
// `Meters` are whatever else you want to watch, by name: their means come with each epoch, and as curves.
//
// A fourth function, `Collapsed`, may say the loss of a network that gives all images the same embedding: here both parts
// are 0 then. With it the library can tell you how far from that a run is. `Register` lets later cells read what was
// written with the type's name.

// %%

// AlignUniform pulls the views of an image together and spreads the images.
type AlignUniform struct {
	Projector head.MLP `json:"projector"`
	Weight    float64  `json:"weight"` // of uniformity
}

var _ = method.Register(AlignUniform{})

func (AlignUniform) Views() method.Crops { return method.Crops{Full: 2} }

func (AlignUniform) Collapsed(int) method.Collapse { return method.Collapse{Loss: 0} }

func (m AlignUniform) Validate(backbone.Backbone) error {
	if !(m.Weight >= 0) {
		return fmt.Errorf("AlignUniform: weight %g, want 0 or more", m.Weight)
	}
	return m.Projector.Validate()
}

func (m AlignUniform) Loss(step method.Step) method.Output {
	z := step.Projections(m.Projector, step.Full)
	z0, z1 := op.Normalize(z[0]), op.Normalize(z[1])
	meters := map[string]*graph.Node{"alignment": Alignment(z0, z1), "uniformity": Uniformity(z0)}
	return method.Output{Loss: AlignUniformLoss(z[0], z[1], m.Weight), Embedding: z[0], Meters: meters}
}

// %% [markdown]
// ## The recipe
//
// A recipe decides every number of a run. Take SimCLR's, with its pictures, network and augmentation, and exchange the
// method: what differs in the end is due to the loss.

// %%

// SimCLR is what to compare with.
func SimCLR() recipe.Recipe {
	r := must(recipe.Shapes("SimCLR"))
	r.Epochs, r.TrainImages, r.TestImages = epochs, images, min(r.TestImages, images)
	r.Batch, r.Eval.K = min(r.Batch, images), min(r.Eval.K, images)
	return r
}

// Mine is the same with the new method.
func Mine(weight float64) recipe.Recipe {
	r := SimCLR()
	projector := r.Method.(method.SimCLR).Projector
	r.Name = "AlignUniform"
	r.Method = AlignUniform{Projector: projector, Weight: weight}
	return r
}

// ShowDifference prints what is different.
func ShowDifference() {
	fmt.Println(recipe.Diff(SimCLR(), Mine(1)))
}

//gonb:%exec ShowDifference

// %% [markdown]
// ## Training
//
// Everything that the library does for its own methods it does for yours: one compiled step, kNN accuracy after every
// epoch, a run folder that goes on after Stop.

// %%

// Train trains with both methods.
func Train() {
	for name, r := range map[string]recipe.Recipe{"mine": Mine(1), "simclr": SimCLR()} {
		run(name, r)
	}
}

// run trains, or goes on with a run.
func run(name string, r recipe.Recipe) {
	options := train.Options{Dir: filepath.Join(folder, name), Device: kind, Report: show.Progress()}
	_, err := train.Run(context.Background(), r, options)
	check(err)
}

//gonb:%exec Train

// %% [markdown]
// The picture at the top right shows the *spread* of the embeddings: their standard deviation, where 1 is that of random
// directions and 0 is collapse. The new loss asks for it by name, and gets more of it than SimCLR. Do not read a ranking
// from the one at the left: a temperature and a weight were chosen for neither. Below are the meters, of the run that has
// them.

// %%

// ShowCurves compares both runs.
func ShowCurves() {
	mine := must(train.Open(filepath.Join(folder, "mine")))
	simCLR := must(train.Open(filepath.Join(folder, "simclr")))
	check(show.Curves(mine, simCLR).Show())
	check(show.Comparison(mine, simCLR).Show())
}

//gonb:%exec ShowCurves

// %% [markdown]
// ## Break it
//
// Without uniformity nothing pushes images apart. The shortest way to align two views is to give all images the same
// embedding, and the network finds it within an epoch. The run says so; a curve of the loss alone, which falls so nicely,
// would not.

// %%

// Break trains with alignment alone.
func Break() {
	r := Mine(0)
	r.Epochs = 1
	run("broken", r)
	broken := must(train.Open(filepath.Join(folder, "broken"))).Last()
	fmt.Printf("loss %.4f, spread %.3f\n%s\n", broken.Loss, broken.EmbeddingSpread, broken.Warning)
}

//gonb:%exec Break

// %% [markdown]
// ## Into the library
//
// A method that has proved itself moves to five places, and no others:
//
// 1. `sslkit/method/alignuniform.go`: the type above, with the paper in its comment;
// 2. `sslkit/loss/alignuniform.go`: the loss, and its loops as a test;
// 3. one line in `method.All`, in place of `Register`;
// 4. `sslkit/recipe/alignuniform.go`: a recipe for each data set, and a line in the list there;
// 5. golden numbers of three training steps, computed elsewhere, and the line that builds the method for them.
//
// Tests that you do not write then run for it, because they run for all of `method.All`:
//
// - twenty steps lower the loss; only variables below `online` are trained, and a target network follows exactly;
// - the zero value does not validate, and the method is read back from JSON as it was written;
// - two runs with one seed are equal to the last bit; the step is compiled once;
// - a run that was stopped goes on to the same numbers as one that was not.
//
// **Try:** give uniformity a weight of 0.1 or 10. Replace the exponential by the distance itself (what happens to the
// gradient of pairs that are far apart?). `CONTRIBUTING.md` has the rest.
//
// Next: *9. Vision transformers and masking*.
