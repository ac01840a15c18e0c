// Transformers trains vision transformers: one that fills in masked parts of
// pictures, and one whose attention is looked at. Its notebook is made from this
// file; main.go makes it a program.
package main

// %% [markdown]
// # 9. Vision transformers and masking
//
// You know methods that compare views of an image by a convolutional network (tutorials 3 to 6). A vision transformer cuts
// the image into patches instead, which opens two doors: patches can be left out, and one can see which of them the
// network heeds. You will see
//
// - how an image becomes a sequence of tokens, and how a token knows where it lies;
// - MAE, which masks three quarters of an image and learns to fill them in, and what it fills in;
// - DINO with a transformer, and maps of what its class token heeds, before and after training.
//
// The pictures are drawn on this machine. Training takes about four minutes of CPU time in all, half of that on two CPUs.

// %%

import (
	"context"
	"fmt"
	"log"
	"path/filepath"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/pretrained"
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
// How much to train. More epochs make everything below clearer.

// %% tags=["parameters"]

var (
	images     = 10000 // to train MAE on
	epochs     = 6     // of MAE
	dinoImages = 5000  // to train DINO on
	dinoEpochs = 4
	seed       = 0 // another one is another start, other views, masks and order of the images
	kind       = device.Auto
	folder     = filepath.Join("runs", "transformers")
)

// %% [markdown]
// ## An image is a sequence of patches
//
// A vision transformer (Dosovitskiy et al., 2020, [arXiv:2010.11929](https://arxiv.org/abs/2010.11929)) cuts an image into
// square patches, here of 4×4 pixels. That makes 8×8 patches of an image of 32×32. Below, gaps show where it is cut.

// %%

// net is the transformer of this page, and set are its pictures.
var net = transformer()

func transformer() backbone.ViT {
	net := backbone.ViTTiny()
	net.Depth = 2
	return net
}

// Pictures are the first test images.
func Pictures(n int) *dataset.Images {
	return must(dataset.Load(context.Background(), dataset.Shapes, 10, n, nil)).Test
}

// Cut moves the patches of images apart, by a white line.
func Cut(images *dataset.Images, patch int) *dataset.Images {
	old := images.Width
	size := old + old/patch - 1
	cut := &dataset.Images{Labels: images.Labels, Height: size, Width: size}
	for i := range images.Len() {
		pixels := make([]uint8, size*size*3)
		for k := range pixels {
			pixels[k] = 255
		}
		for k, level := range images.At(i) {
			y, x := k/3/old, k/3%old
			pixels[3*((y+y/patch)*size+x+x/patch)+k%3] = level
		}
		cut.Pixels = append(cut.Pixels, pixels...)
	}
	return cut
}

// ShowPatches shows the patches of some images.
func ShowPatches() {
	check(show.Grid(Cut(Pictures(7), net.Patch), 7, 7).Show())
}

//gonb:%exec ShowPatches

// %% [markdown]
// Each patch has $4\cdot4\cdot3=48$ numbers. One dense layer makes a *token* of it, here a vector of 64 numbers. In front of
// these 64 tokens comes one more that belongs to no patch, the *class token*: a vector that is learnt, the same for every
// image. What the network has made of it at the end is the image's features.
//
// A *block* then does two things with the tokens, and adds the result to them each time. In *attention* every token asks all
// of them, itself included, and takes a mean of what they answer:
//
// $$\mathrm{softmax}\left(QK^\top/\sqrt{d}\right)V.$$
//
// The queries $Q$, the keys $K$ and the values $V$ are dense layers of the tokens. A row of the softmax says how much one
// token heeds each of them; it sums to 1. Several *heads* do that beside each other, each with its part of the width. The
// second thing is a small network of two dense layers, on each token by itself. Nothing else in a transformer lets patches
// know of each other.

// %%

// Count prints the sizes of the network.
func Count() {
	r := must(recipe.Shapes("MAE"))
	r.Backbone = net
	model := must(pretrained.Untrained(r))
	fmt.Println(backbone.Describe(net))
	fmt.Println(net.Tokens(32, 32), "tokens,", model.Parameters(), "parameters")
}

//gonb:%exec Count

// %% [markdown]
// ## Where a patch lies
//
// Attention takes a mean, which does not depend on an order. So a transformer would see the same in an image whose patches
// somebody has shuffled, unless tokens say where they lie. They do, by what is added to them: a vector for each place. Ours
// are fixed: sines and cosines of the column in the left half of the picture, of the row in the right half, fast ones first.
// Each row below is a patch, 0 to 7 being the upper edge of an image; each column is one of the token's 64 numbers.

// %%

// Positions are what is added to the tokens of the patches, [64 patches][64 numbers] in one.
func Positions() []float32 {
	values := make([]float64, (1+net.Grid*net.Grid)*net.Width)
	backbone.SineCosineTable(net.Width)(values, 0)
	var table []float32
	for _, x := range values[net.Width:] { // the class token has zeros
		table = append(table, float32(x))
	}
	return table
}

// ShowPositions shows the table.
func ShowPositions() {
	check(show.Matrix("what is added: a row for each patch, a column for each number", Positions(), 1).Show())
}

//gonb:%exec ShowPositions

// %% [markdown]
// Do places that are near have vectors that are alike? The product of two of them says so. Each image below has one patch in
// mind: in the first it is in the corner, and in the others where the colour is strongest. The colour is the product of its
// position with those of all 64, as far as it exceeds the smallest one. Nobody has trained this: the table knows what is near.

// %%

// Near is how much the position of a patch is like those of all patches, from 0.
func Near(patch int) []float32 {
	table := Positions()
	row := func(i int) []float32 { return table[i*net.Width : (i+1)*net.Width] }
	var products []float32
	for i := range net.Grid * net.Grid {
		sum := float32(0)
		for k, x := range row(patch) {
			sum += x * row(i)[k]
		}
		products = append(products, sum)
	}
	least := products[0]
	for _, x := range products {
		least = min(least, x)
	}
	for i := range products {
		products[i] -= least
	}
	return products
}

// ShowNear shows it for four patches.
func ShowNear() {
	var maps [][][]float32
	for _, patch := range []int{0, 12, 35, 62} {
		maps = append(maps, [][]float32{Near(patch)})
	}
	check(show.Overlays([]string{"alike"}, Pictures(4), maps).Show())
}

//gonb:%exec ShowNear

// %% [markdown]
// ## Masking: learning to fill in
//
// MAE (He et al., 2021, [arXiv:2111.06377](https://arxiv.org/abs/2111.06377)) needs no second view, no negatives and no
// second network that follows. It hides three quarters of the patches, others in each step, and
//
// 1. the transformer, the *encoder*, sees the 16 patches that are left, and the class token, and nothing else: what is
//    hidden costs nothing;
// 2. a smaller transformer, the *decoder*, gets what the encoder made of them, and in each hidden place a token that is
//    always the same, with the place's position added;
// 3. the loss is the mean squared error of the hidden pixels.
//
// When training is over, the decoder is thrown away.
//
// The views are close crops, of 10 to 40 % of an image. A whole image has a dozen forms, hardly larger than a patch:
// in runs as short as these MAE then learns the brightness of the ground and nothing else.
//
// *explained* is the part of the hidden pixels' variance that is filled in rightly: 0 is a grey surface, 1 is perfect.

// %%

// MAE is the recipe.
func MAE() recipe.Recipe {
	r := must(recipe.Shapes("MAE"))
	r.Backbone, r.TrainImages, r.Epochs, r.Seed = net, images, epochs, uint64(seed)
	return r
}

// TrainMAE trains it.
func TrainMAE() {
	options := train.Options{Dir: filepath.Join(folder, "MAE"), Device: kind, Report: show.Progress()}
	_, err := train.Run(context.Background(), MAE(), options)
	check(err)
}

//gonb:%exec TrainMAE

// %% [markdown]
// ## What it fills in
//
// These are crops of test images, which it was not trained on. Below each: what the encoder sees, what an untrained network
// fills in, and what the trained one does. Patches that are not hidden are the crop's own.

// %%

// ShowFilled shows crops, masks, and what is filled in.
func ShowFilled() {
	before := must(train.InitialWeights(MAE()))
	after := must(train.ReadWeights(filepath.Join(folder, "MAE")))
	untrained := must(before.Reconstruct(context.Background(), kind, Pictures(7), 1))
	trained := must(after.Reconstruct(context.Background(), kind, Pictures(7), 1))
	check(show.Rows([]string{"crop", "masked", "untrained", "trained"},
		[]*dataset.Images{trained.Views, trained.Masked, untrained.Filled, trained.Filled}).Show())
}

//gonb:%exec ShowFilled

// %% [markdown]
// Colours come from the patches nearby, and rough forms come back: look at the ring, of which a few pieces are left. But all
// is blurred, and corners are lost. What the network cannot know it paints as the mean of what could be there; a squared
// error asks for no more. Longer training sharpens it.
//
// To fill in forms, one had better know forms. Is that in the features, too? They are the class token, which was never
// asked for anything but to be of use to the decoder. Of whole images, uncropped and unmasked, kNN accuracy is:

// %%

// PrintAccuracy prints the accuracy before and after training.
func PrintAccuracy() {
	result := must(train.Open(filepath.Join(folder, "MAE")))
	fmt.Printf("kNN accuracy: untrained %.3f, trained %.3f\n", result.Epochs[0].KNN, result.Last().KNN)
}

//gonb:%exec PrintAccuracy

// %% [markdown]
// ## DINO, and what it heeds
//
// DINO (Caron et al., 2021, [arXiv:2104.14294](https://arxiv.org/abs/2104.14294)) compares views again. Its network tells of
// every view, small ones too, what a slowly following copy, the *teacher*, tells of the two large ones: a distribution over
// prototypes. It became known for what one sees when one looks at the attention of its class token. Without a single label,
// on photographs, heads had learnt to heed the thing in the foreground.
//
// Our recipe is the one of [the methods' page](../methods.ipynb), with the transformer in place of the ResNet, and a
// transformer's optimizer. It is short: do not expect the paper's maps.

// %%

// DINO is the recipe.
func DINO() recipe.Recipe {
	r := must(recipe.Shapes("DINO"))
	m := r.Method.(method.DINO)
	m.Momentum = schedule.Constant(0.99)
	r.Method, r.Backbone = m, net
	r.TrainImages, r.Epochs, r.Batch, r.Seed = dinoImages, dinoEpochs, 50, uint64(seed)
	r.Optim = optim.AdamW{Beta1: 0.9, Beta2: 0.95, Epsilon: 1e-8, WeightDecay: schedule.Constant(0.05)}
	r.LR = schedule.Schedule{From: 1e-3, Warmup: 100, Shape: schedule.Cosine, Per: schedule.Step}
	r.ClipNorm = 3 // the paper's
	return r
}

// TrainDINO trains it.
func TrainDINO() {
	options := train.Options{Dir: filepath.Join(folder, "DINO"), Device: kind, Report: show.Progress()}
	_, err := train.Run(context.Background(), DINO(), options)
	check(err)
}

//gonb:%exec TrainDINO

// %% [markdown]
// The maps below are rows of a softmax: how much the class token heeds each patch in the last block, one map for each of the
// four heads. The colour is full where a head heeds most.

// %%

// Models are the networks to look into.
func Models() (names []string, models []*pretrained.Model) {
	names = []string{"untrained", "DINO", "MAE"}
	models = []*pretrained.Model{must(pretrained.Untrained(DINO()))}
	for _, name := range names[1:] {
		models = append(models, must(pretrained.Open(filepath.Join(folder, name))))
	}
	return names, models
}

// ShowAttention shows what each head of a network heeds.
func ShowAttention() {
	pictures := Pictures(7)
	names, models := Models()
	for i, model := range models {
		fmt.Println(names[i])
		var labels []string
		for h := range net.Heads {
			labels = append(labels, fmt.Sprintf("head %d", h))
		}
		check(show.Overlays(labels, pictures, must(model.Attention(context.Background(), kind, pictures))).Show())
	}
}

//gonb:%exec ShowAttention

// %% [markdown]
// The untrained heads heed a bit of everything. After DINO the maps follow outlines: most heads heed either the forms or the
// ground between them, and leave the other out. Is that because a head knows forms? In our runs it was a matter of
// brightness: there were heads that heed whatever is darker, be it form or ground. That splits an image into figure and
// ground all the same, and nobody had told the network that there is such a thing.
//
// A picture of seven images proves little. How far is attention from being spread evenly? *Focus* is how much the most
// heeded patch gets, as a multiple of an even share, on average over 200 images.

// %%

// Focus is the largest weight of each head over an even share, on average.
func Focus(maps [][][]float32) []float64 {
	sums := make([]float64, net.Heads)
	for _, heads := range maps {
		for h, weights := range heads {
			largest := weights[0]
			for _, x := range weights {
				largest = max(largest, x)
			}
			sums[h] += float64(largest) * float64(1+len(weights)) / float64(len(maps))
		}
	}
	return sums
}

// Measure prints it, with the accuracy of DINO.
func Measure() {
	names, models := Models()
	for i, model := range models {
		maps := must(model.Attention(context.Background(), kind, Pictures(200)))
		fmt.Printf("%-9s  focus of the heads %.1f\n", names[i], Focus(maps))
	}
	result := must(train.Open(filepath.Join(folder, "DINO")))
	fmt.Printf("kNN accuracy of DINO: untrained %.3f, trained %.3f\n", result.Epochs[0].KNN, result.Last().KNN)
}

//gonb:%exec Measure

// %% [markdown]
// **Try:** mask half of the patches, or nine tenths: `m := r.Method.(method.MAE); m.Masking.Ratio = 0.5; r.Method = m` in
// `MAE`, and another `folder`. Give the views back their whole images, `r.Views[0].Scale = [2]float64{0.5, 1}`, and look at
// what is filled in then. Train SimMIM in the same way (Xie et al., 2021,
// [arXiv:2111.09886](https://arxiv.org/abs/2111.09886)): `Reconstruct` knows it, too. In our run it filled in less, and its
// kNN accuracy fell below that of the untrained network. Take larger patches,
// `net.Patch, net.Grid = 8, 4`: what becomes of the maps? Weights of published transformers can be looked into as well:
// `pretrained.Timm` and `ReadSafetensors` make a model of them, and `Attention` is the same call.
