// Own_images pre-trains on a folder of images, and searches and tidies the folder
// with what was learnt. Its notebook is made from this file; main.go makes it a
// program.
package main

// %% [markdown]
// # 7. Your own images
//
// You have a folder of images that nobody has labelled, and want a network that knows them. You will
//
// - read a folder of JPEG and PNG files, and train on it;
// - keep the features of all images in a file, and search it for images that are alike;
// - find images that are there twice, and images that do not belong there;
// - save the network, and use it from a terminal and from Python.
//
// So that the page runs anywhere, it draws a folder first, and hides copies and strangers in it. To work with a folder of
// yours, write its name behind `photos` below, and run the page again. On two CPUs it takes about a minute and a half.

// %%

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"log"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/pretrained"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/show"
	"github.com/gossl/gossl/sslkit/store"
	"github.com/gossl/gossl/sslkit/train"
	"golang.org/x/image/draw"
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
//
// With `unlabelled`, all images below the folder are read, however they lie. Without it, `photos/cat/tom.jpg` is an image
// of the class `cat`. Training never looks at classes. They serve to measure what was learnt, and to mark what was found.

// %% tags=["parameters"]

var (
	photos     = ""    // your folder; "": the page draws one
	unlabelled = false // true: its folders are no classes, or it has none
	images     = 2000  // to draw
	epochs     = 8     // of training
)

// %%

var (
	ctx      = context.Background()
	kind     = device.Auto // a GPU if there is one
	folder   = filepath.Join("runs", "own_images")
	run      = filepath.Join(folder, "run")
	features = filepath.Join(folder, "features.parquet")
)

// Photos is the folder of images.
func Photos() string {
	if photos != "" {
		return photos
	}
	return filepath.Join(folder, "photos")
}

// %% [markdown]
// ## A folder to work with
//
// The next cells make the folder; you may skip them. Drawings of ten forms are cut to many sizes, and lie in a folder for
// each form.

// %%

// Save writes a picture as JPEG or PNG.
func Save(path string, picture image.Image) {
	check(os.MkdirAll(filepath.Dir(path), 0o755))
	file := must(os.Create(path))
	defer file.Close()
	if strings.HasSuffix(path, ".jpg") {
		check(jpeg.Encode(file, picture, &jpeg.Options{Quality: 80}))
	} else {
		check(png.Encode(file, picture))
	}
}

// Scaled is a picture in another size.
func Scaled(picture image.Image, width, height int) *image.NRGBA {
	scaled := image.NewNRGBA(image.Rect(0, 0, width, height))
	draw.CatmullRom.Scale(scaled, scaled.Rect, picture, picture.Bounds(), draw.Src, nil)
	return scaled
}

// %%

// Drawings are what the folder is made of.
func Drawings() *dataset.Images { return must(dataset.DrawShapes(7, images, 0)).Train }

// Drawing is a drawing of up to 64 pixels a side, and where to keep it.
func Drawing(drawings *dataset.Images, i int) (path string, picture image.Image) {
	class := drawings.Classes[drawings.Labels[i]]
	path = filepath.Join(folder, "photos", class, fmt.Sprintf("%04d.png", i))
	return path, Scaled(drawings.NRGBA(i), 64, 64).SubImage(image.Rect(0, 0, 64-i%17, 64-i%13))
}

// Draw makes the folder.
func Draw() {
	check(os.RemoveAll(filepath.Join(folder, "photos")))
	drawings := Drawings()
	for i := range images {
		Save(Drawing(drawings, i))
	}
}

//gonb:%exec Draw

// %% [markdown]
// Five drawings lie there a second time. Five came back from a messenger: smaller, and as JPEGs. Five somebody has made
// brighter. Their names tell us later whether they were found.

// %%

// Copies adds five exact copies, five smaller ones, and five brighter ones.
func Copies() {
	drawings := Drawings()
	for i := range 15 {
		path, picture := Drawing(drawings, i)
		width, height := picture.Bounds().Dx(), picture.Bounds().Dy()
		bright := Scaled(picture, width, height)
		for p, level := range bright.Pix {
			bright.Pix[p] = uint8(min(255, int(level)*115/100))
		}
		switch i / 5 {
		case 0:
			Save(strings.Replace(path, ".png", "_copy.png", 1), picture)
		case 1:
			Save(strings.Replace(path, ".png", "_small.jpg", 1), Scaled(picture, width*3/4, height*3/4))
		case 2:
			Save(strings.Replace(path, ".png", "_bright.png", 1), bright)
		}
	}
}

//gonb:%exec Copies

// %% [markdown]
// Four pictures are of another kind altogether: a sunset, a lens cap, a page of text, and what a broken camera gives.

// %%

// Strangers adds pictures that are no drawings of forms.
func Strangers() {
	var noise *rand.Rand // anew for each picture
	level := func(most uint) uint8 { return uint8(noise.UintN(most)) }
	for name, look := range map[string]func(x, y int) color.Color{
		"disc/sunset.jpg": func(x, y int) color.Color {
			return color.NRGBA{255, uint8(3 * y), uint8(60 + y), 255}
		},
		"ring/lenscap.jpg": func(x, y int) color.Color { return color.Gray{10 + level(6)} },
		"star/page.png": func(x, y int) color.Color {
			return color.Gray{uint8(255 - 200*min(1, y/2%3*(x*7/(3+y/6)%5)))}
		},
		"cross/noise.png": func(x, y int) color.Color {
			return color.NRGBA{level(256), level(256), level(256), 255}
		},
	} {
		noise = rand.New(rand.NewPCG(1, 1))
		picture := image.NewNRGBA(image.Rect(0, 0, 64, 56))
		for i := range 64 * 56 {
			picture.Set(i%64, i/64, look(i%64, i/64))
		}
		Save(filepath.Join(folder, "photos", name), picture)
	}
}

//gonb:%exec Strangers

// %% [markdown]
// ## Reading it
//
// From here on everything is as with your own folder. `dataset.Folder` decodes the files on all cores, and keeps the pixels:
// the next cell that reads the same folder takes them from there. `ShortSide` makes large photographs smaller on the way
// in; twice what the network looks at is plenty. Files that cannot be decoded are named in `Skipped`.

// %%

// Images reads the folder.
func Images() *dataset.Images {
	options := dataset.FolderOptions{ShortSide: 64, Unlabelled: unlabelled, SkipCorrupt: true}
	return must(dataset.Folder(ctx, Photos(), options))
}

// Look shows what there is.
func Look() {
	all := Images()
	fmt.Println(all.Len(), "images of", len(all.Classes), "classes, in", len(all.Pixels), "bytes")
	fmt.Println("left out:", all.Skipped)
	mean, std := all.MeanStd()
	fmt.Printf("red, green and blue: mean %.2f, standard deviation %.2f\n", mean, std)
	check(show.Grid(all, 20, 10).Show())
}

//gonb:%exec Look

// %% [markdown]
// ## Training
//
// A recipe is every number of a run. `For` fits it to other images: how many there are, and whether there are classes to
// measure accuracy with. The images that `dataset.Split` holds out are only measured with.
//
// This recipe has a tiny network that looks at 32 × 32 pixels: right for drawings, and for a page that takes a minute or two.
// For photographs, put `recipe.Imagenette("SimCLR")` in its place, a ResNet-18 that looks at 128 × 128, with its own batch
// and learning rate; raise `ShortSide` to 256, and use a GPU.

// %%

// Set holds a tenth of the images out.
func Set() *dataset.Set {
	all := Images()
	return must(dataset.Split("photos", all, all.Len()/10, 1))
}

// Recipe is SimCLR for the images of a set.
func Recipe(set *dataset.Set) recipe.Recipe {
	r := must(recipe.Shapes("SimCLR")).For(set)
	r.Epochs = epochs
	r.Batch, r.LR.From = min(64, r.TrainImages), 0.06 // half as large, for more steps with few images
	return r
}

// ShowViews shows what the network gets to see of ten images.
func ShowViews() {
	set := Set()
	check(show.Views(set.Train, 10, Recipe(set).Views[0], 2, kind).Show())
}

//gonb:%exec ShowViews

// %% [markdown]
// Look at the views before you train: if *you* cannot tell that two of them are of one image, the network can learn it only
// from what should not matter. Colour is varied a little here. If colour is what your images differ in, vary it less.

// %%

// Train trains the network, and keeps the run in a folder.
func Train() {
	set := Set()
	options := train.Options{Dir: run, Device: kind, Data: set, Report: show.Progress()}
	_, err := train.Run(ctx, Recipe(set), options)
	check(err)
}

//gonb:%exec Train

// %% [markdown]
// Without classes there is no kNN accuracy; then the curves show the spread of the embeddings, which must stay away from 0,
// beside the loss. Neither says how *good* the features are. Searching does, in the next cells.
//
// ## Features
//
// What the network makes of an image is its feature, a row of numbers. The file holds a row for each image, with its name
// and class: a table that pandas, polars and DuckDB read, too.

// %%

// Embed writes the features of all images to a file.
func Embed() {
	model := must(pretrained.Open(run))
	set := must(model.Embed(ctx, kind, Images()))
	check(store.Write(features, set))
	fmt.Printf("%s: %d features of %d images\n", features, set.Dim, set.Len())
}

//gonb:%exec Embed

// %% [markdown]
// ## Searching
//
// Images are alike if their features point in the same direction. An `Index` compares all of them with all others.

// %%

// Search shows the images most like some that are there.
func Search() {
	all, index := Images(), must(embedding.NewIndex(must(store.Read(features))))
	neighbours := must(index.Neighbours(ctx, 8))
	queries, first := []int{}, all.Len()/2
	for i := range 6 {
		queries = append(queries, first+i)
	}
	check(show.Neighbours("most alike", all, queries, all, neighbours[first:first+6]).Show())
}

//gonb:%exec Search

// %% [markdown]
// Nobody told the network that form is what matters here. Many neighbours have the form of the query, and those that have
// another one show *why* they are near: forms of the same brightness on the same ground. That is what two views of an image
// share, too.
//
// All similarities are close to 1: the features of this network have no negative numbers. So the number alone says little.
// What counts is the order.
//
// A query need not be in the folder. Any file will do:

// %%

// SearchNew shows the images most like one that is in no folder.
func SearchNew() {
	file := filepath.Join(folder, "new.png")
	drawing := must(dataset.DrawShapes(8, 6, 0)).Train.NRGBA(5)
	Save(file, Scaled(drawing, 60, 60)) // or name a file of yours, and save nothing
	query := must(dataset.File(file))
	feature := must(must(pretrained.Open(run)).Embed(ctx, kind, query))
	index := must(embedding.NewIndex(must(store.Read(features))))
	nearest := must(index.NearestOf(ctx, feature, 8))
	check(show.Neighbours("most like "+file, query, []int{0}, Images(), nearest).Show())
}

//gonb:%exec SearchNew

// %% [markdown]
// ## From above
//
// t-SNE puts images that are alike next to each other. It is a quick way to see what is in a folder that you do not know;
// distances between groups mean little.

// %%

// ShowMap shows images where t-SNE puts them.
func ShowMap() {
	m := must(embedding.TSNE(ctx, must(store.Read(features)), embedding.TSNEOptions{}))
	check(show.Thumbnails(m.Points, Images()).Show())
}

//gonb:%exec ShowMap

// %% [markdown]
// ## Images that are there twice
//
// The same pixels give the same feature, so similarity 1 finds exact copies, whatever they are called. Below 1 it finds
// images that the *network* takes for the same.

// %%

// madeBy is what this page did to one file to make the other: "copy", "small" or "bright", or
// "other" if it did nothing.
func madeBy(file, from string) string {
	if rest, ok := strings.CutPrefix(file, strings.TrimSuffix(from, ".png")+"_"); ok {
		return strings.TrimSuffix(rest, filepath.Ext(rest))
	}
	return "other"
}

// CountDuplicates counts what is found from some similarity on.
func CountDuplicates() {
	set := must(store.Read(features))
	index := must(embedding.NewIndex(set))
	for _, similarity := range []float32{1, 0.999, 0.998, 0.997, 0.996, 0.995, 0.99} {
		count := map[string]int{}
		for _, group := range must(index.Duplicates(ctx, similarity)) {
			for _, other := range group.Others {
				count[madeBy(set.Files[other.Image], set.Files[group.Keep])]++
			}
		}
		fmt.Printf("similarity %.3f: %d copies, %d small, %d bright, %d others\n",
			similarity, count["copy"], count["small"], count["bright"], count["other"])
	}
}

//gonb:%exec CountDuplicates

// %% [markdown]
// Copies that a messenger made smaller are found just below 1, before anything else is. For the brighter ones there is no
// such threshold: by the time they are found, so are many drawings that nobody has copied. Training has taught the network
// that crops and brightness matter little, and two drawings of hearts in much the same colours differ in little more. So
// begin at 1, and go down while what you see are copies.

// %%

var near float32 = 0.999 // where to stop

// ShowDuplicates shows images that are nearly the same, one above the other.
func ShowDuplicates() {
	index := must(embedding.NewIndex(must(store.Read(features))))
	keep, others := []int{}, []int{}
	for _, group := range must(index.Duplicates(ctx, near)) {
		keep, others = append(keep, group.Keep), append(others, group.Others[0].Image)
	}
	fmt.Println(len(keep), "groups")
	if n := min(10, len(keep)); n > 0 {
		all := Images()
		rows := []*dataset.Images{all.Pick(keep[:n]...), all.Pick(others[:n]...)}
		check(show.Rows([]string{"stays", "could go"}, rows).Show())
	}
}

//gonb:%exec ShowDuplicates

// %% [markdown]
// Look for duplicates *before* you hold images out: a copy of a training image among the test images makes every
// accuracy look better than it is.
//
// ## Images that do not belong there
//
// An outlier is an image whose nearest neighbours are far away. `Outliers` puts those first.

// %%

// ShowOutliers shows the images that are least like any others.
func ShowOutliers() {
	all, index := Images(), must(embedding.NewIndex(must(store.Read(features))))
	outliers := must(index.Outliers(ctx, 10)) // by the mean similarity of the ten nearest
	which := []int{}
	for place, outlier := range outliers {
		if place < 20 {
			which = append(which, outlier.Image)
		}
		switch name := filepath.Base(all.Files[outlier.Image]); name {
		case "sunset.jpg", "lenscap.jpg", "page.png", "noise.png":
			fmt.Printf("%-11s place %d, similarity %.3f\n", name, place+1, outlier.Similarity)
		}
	}
	check(show.Grid(all.Pick(which...), 20, 10).Show())
}

//gonb:%exec ShowOutliers

// %% [markdown]
// Most of the strangers stand at the front, but do not count on it for every one: to this network, which knows forms on a
// ground, a page of text may be one more picture of small dark forms. And there is no line at which outliers end. Drawings
// follow that are nothing strange; some have to come next. So an outlier list is a list of images to look at, no more, and
// the rarest images of a folder, which one least wants to lose, may well stand in it.
//
// ## Taking it elsewhere
//
// The run folder has all that training needs to go on. Other tools want the network alone: as safetensors, weights with
// the names that torchvision has for them, or as ONNX, a network that runs without knowing what it is.

// %%

// Export saves the network for other tools.
func Export() {
	model := must(pretrained.Open(run))
	weights, network := filepath.Join(folder, "model.safetensors"), filepath.Join(folder, "model.onnx")
	check(model.WriteSafetensors(weights))
	check(model.WriteONNX(network))
	for _, file := range []string{weights, network} {
		fmt.Printf("%s: %d bytes\n", file, must(os.Stat(file)).Size())
	}
}

//gonb:%exec Export

// %% [markdown]
// In Python, `onnxruntime` gives the same features; they are those in the Parquet file to about the third digit, for
// Pillow resizes a little differently:
//
// ```python
// import numpy as np, onnxruntime, torchvision.transforms as T
// from PIL import Image
//
// network = onnxruntime.InferenceSession("runs/own_images/model.onnx")
// prepare = T.Compose([T.Resize(32), T.CenterCrop(32), T.ToTensor()])
// picture = prepare(Image.open("runs/own_images/new.png").convert("RGB"))[None].numpy()
// print(network.run(None, {"images": picture})[0])
// ```
//
// And all of this page but the training works without a notebook. In a terminal, in the repository:
//
// ```sh
// go build -o /tmp/sslkit ./sslkit/cmd/sslkit
// cd notebooks/tutorial
// /tmp/sslkit embed runs/own_images/run --images runs/own_images/photos --out photos.parquet
// /tmp/sslkit search photos.parquet --query runs/own_images/new.png --run runs/own_images/run
// /tmp/sslkit duplicates photos.parquet --similarity 0.999
// /tmp/sslkit outliers photos.parquet -n 20
// /tmp/sslkit map photos.parquet --method tsne --out map.png
// ```
//
// **Try:** set `unlabelled` to true, delete `runs/own_images/run`, and run the page again. Is what it finds any worse
// without the classes? Then embed the folder with `pretrained.Untrained(Recipe(Set()))` in place of the trained network.
// Which of searching, copies and strangers suffers most?
//
// Next: *8. Your own method*.
