// Inputs shows data sets, what they are in memory, and what augmentation makes of
// them. Its notebook is made from this file; main.go makes it a program.
package main

// %% [markdown]
// # 2. Structure your input
//
// Self-supervised learning learns from what you show it, and from how you vary it: before any method, look at your input.
// You will see
//
// - where the files of CIFAR-10, of ImageNette and of your own folders go;
// - what images are in memory, also images of several sizes;
// - what each part of an augmentation does, value by value, and how the views of SimCLR, SimSiam and BYOL differ;
// - what normalisation is, and where images live while a network trains.
//
// The page downloads nothing. On two CPUs it takes half a minute.

// %%

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"log"
	"os"
	"path/filepath"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/show"
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
// What there is to see of an augmentation shows better on photographs. If you have some of these data sets, put another
// name here, and run all cells again.

// %% tags=["parameters"]

var (
	data = "shapes" // or "cifar10", "imagenette"
	size = 32       // of views, in pixels; 128 for imagenette
)

// %%

var (
	ctx    = context.Background()
	kind   = device.Auto // a GPU if there is one
	folder = filepath.Join("runs", "inputs", "photos")
)

// %% [markdown]
// ## Three data sets
//
// `Load` reads the first so many training and test images of a data set. Shapes are drawn from a seed. The others are
// files; where one is missing, the error says which files are wanted where.

// %%

// Find says which data sets are there.
func Find() {
	for _, name := range []dataset.Name{dataset.Shapes, dataset.CIFAR10, dataset.Imagenette} {
		set, err := dataset.Load(ctx, name, 1000, 100, nil)
		if err != nil {
			fmt.Printf("%s is not there:\n%v\n\n", name, err)
			continue
		}
		fmt.Printf("%s: %d training images and %d test images were read\n\n", name, set.Train.Len(), set.Test.Len())
	}
}

//gonb:%exec Find

// %% [markdown]
// `Fetch` downloads the official archive, checks it and unpacks it there: 170 MB for CIFAR-10, 99 MB for ImageNette. It is
// not called here. In a cell of yours it would be one line:
//
// ```go
// check(dataset.Fetch(ctx, dataset.CIFAR10, show.Bytes()))
// ```
//
// ## What images are
//
// Images are bytes, with the number of a class for each, and the names of the classes. There is no loader that hands out
// batches, and there are no workers: all pixels lie in one piece of memory, and the training step picks its batch from it.

// %%

// Pictures are ten images to look at.
func Pictures() *dataset.Images {
	return must(dataset.Load(ctx, dataset.Name(data), 10, 0, nil)).Train
}

// Look shows what ten images are.
func Look() {
	images := Pictures()
	height, width := images.Size(0)
	fmt.Println(images.Len(), "images, the first of", height, "×", width, "pixels")
	fmt.Println("all pixels:", len(images.Pixels), "bytes")
	fmt.Println("labels", images.Labels, "of", images.Classes)
	fmt.Println("the first pixels of image 0, red, green, blue:", images.At(0)[:9])
	check(show.Grid(images, 10, 10).Show())
}

//gonb:%exec Look

// %% [markdown]
// The labels are for measuring. No method of this library looks at them while it trains.
//
// ## A folder of your own
//
// A folder of images has a folder for each class, and in it JPEG and PNG files, at any depth. The next cell writes a small
// one: pieces of drawings, no two of one size.

// %%

// WriteFolder writes a few images of several sizes.
func WriteFolder() {
	drawings := must(dataset.DrawShapes(3, 12, 0)).Train
	for i := range drawings.Len() {
		class := filepath.Join(folder, drawings.Classes[drawings.Labels[i]])
		check(os.MkdirAll(class, 0o755))
		piece := drawings.NRGBA(i).SubImage(image.Rect(0, 0, 32-i, 20+i))
		file := must(os.Create(filepath.Join(class, fmt.Sprintf("%02d.png", i))))
		check(png.Encode(file, piece))
		check(file.Close())
	}
}

//gonb:%exec WriteFolder

// %% [markdown]
// `Folder` decodes them on all cores, once: the pixels stay in a file, and the next start maps that into memory. Images of
// several sizes are kept without padding. Each is turned so that its longer side runs down, and they lie one below the
// other in a strip as wide as the longest shorter side. `Frames` says where.

// %%

// ReadFolder shows how images of several sizes lie in memory.
func ReadFolder() {
	images := must(dataset.Folder(ctx, folder, dataset.FolderOptions{}))
	fmt.Printf("%d images in a strip of %d × %d pixels: %d bytes\n",
		images.Len(), len(images.Pixels)/3/images.Side, images.Side, len(images.Pixels))
	fmt.Printf("padded to 32 × 32 they would take %d\n", images.Len()*32*32*3)
	for i := range 4 {
		frame := images.Frames[i]
		fmt.Printf("%-15s %d high, %d wide, from row %d on\n",
			images.Files[i], frame.Height, frame.Width, frame.Row)
	}
	check(show.Grid(images, 12, 12).Show())
}

//gonb:%exec ReadFolder

// %% [markdown]
// Real folders are seldom so tidy. Three options and a function help:
//
// | | |
// |---|---|
// | `ShortSide: 160` | shrinks large photographs while they are read: 12 megapixels each would fill any memory |
// | `Unlabelled: true` | takes all images below the folder, however they lie; there are no classes then |
// | `SkipCorrupt: true` | leaves broken files out and names them in `Skipped`; otherwise they are an error that names all of them |
// | `dataset.Split` | holds images out, drawn from a seed: a `Set` of training and test images |

// %%

// SplitFolder reads the folder without classes, and holds three images out.
func SplitFolder() {
	options := dataset.FolderOptions{ShortSide: 24, Unlabelled: true, SkipCorrupt: true}
	images := must(dataset.Folder(ctx, folder, options))
	set := must(dataset.Split("photos", images, 3, 1))
	fmt.Println("to train on:", set.Train.Files)
	fmt.Println("held out:   ", set.Test.Files)
}

//gonb:%exec SplitFolder

// %% [markdown]
// ## Views
//
// A *view* is an image after a random crop, a flip, and changes of colour. Methods compare two views of an image, so
// **whatever the views of an image share is what the network learns, and whatever varies between them is what it learns to
// ignore.** That makes augmentation the most important choice you have.
//
// A `Policy` says how a view is drawn. Every field counts, and zero means zero. `Plain` changes nothing, so that we can add
// one thing at a time:

// %%

// Plain is a policy that leaves images as they are.
func Plain() augment.Policy {
	whole := [2]float64{1, 1}
	p := augment.Policy{Size: size, Scale: whole, Ratio: whole}
	p.Std = [3]float64{1, 1, 1}
	return p
}

// Vary shows views, a row for each value of one thing. All rows get the same random numbers.
func Vary(name string, values []float64, set func(p *augment.Policy, value float64)) {
	var labels []string
	var policies []augment.Policy
	for _, value := range values {
		p := Plain()
		set(&p, value)
		labels, policies = append(labels, fmt.Sprint(name, " ", value)), append(policies, p)
	}
	check(show.Augmentations(Pictures(), 8, labels, policies, kind).Show())
}

// %% [markdown]
// **Crops** do most of the work. `Scale` bounds the area that is cut out; it is then resized to `Size`. Policies of papers
// draw from 0.08 to 1. Here it is one value to a row: read down a column.

// %%

// VaryCrop shows crops of several sizes.
func VaryCrop() {
	Vary("area", []float64{0.5, 0.2, 0.08}, func(p *augment.Policy, v float64) {
		p.Scale = [2]float64{v, v}
	})
}

//gonb:%exec VaryCrop

// %% [markdown]
// In the last row ask yourself what the picture shows. On Shapes a crop of 8 % holds part of one form; that is why the
// recipes for Shapes begin at 20 %. On photographs of one large thing even small crops show its texture, and texture is
// what such crops teach.
//
// **Colour jitter** changes brightness, contrast, saturation and hue in random order. A strength of 0.4 means a factor
// between 0.6 and 1.4. Each column draws its own factor: some images become darker, others brighter, and the further down,
// the more so.

// %%

// VaryBrightness shows jitter of the brightness.
func VaryBrightness() {
	Vary("brightness", []float64{0.2, 0.4, 0.8}, func(p *augment.Policy, v float64) {
		p.JitterP, p.Brightness = 1, v
	})
}

//gonb:%exec VaryBrightness

// %%

// VaryContrast shows jitter of the contrast.
func VaryContrast() {
	Vary("contrast", []float64{0.2, 0.4, 0.8}, func(p *augment.Policy, v float64) {
		p.JitterP, p.Contrast = 1, v
	})
}

//gonb:%exec VaryContrast

// %%

// VarySaturation shows jitter of the saturation.
func VarySaturation() {
	Vary("saturation", []float64{0.2, 0.4, 0.8}, func(p *augment.Policy, v float64) {
		p.JitterP, p.Saturation = 1, v
	})
}

//gonb:%exec VarySaturation

// %% [markdown]
// **Hue** turns the colour wheel: 0.1 is a tenth of a turn at most, either way, and 0.5 makes any colour of any other. Strong
// hue jitter tells the network that colour means nothing: right for shapes, wrong for ripe and unripe fruit.

// %%

// VaryHue shows jitter of the hue.
func VaryHue() {
	Vary("hue", []float64{0.05, 0.1, 0.5}, func(p *augment.Policy, v float64) {
		p.JitterP, p.Hue = 1, v
	})
}

//gonb:%exec VaryHue

// %% [markdown]
// **Grayscale** is drawn with a probability, and images are gray or not. Without it, a histogram of colours is enough to
// find the other view of an image; now and then the network must do without. Shapes are pale, so you see more of colour on
// photographs.

// %%

// VaryGrayscale shows how many images lose their colour.
func VaryGrayscale() {
	Vary("probability", []float64{0.2, 0.5, 1}, func(p *augment.Policy, v float64) {
		p.GrayscaleP = v
	})
}

//gonb:%exec VaryGrayscale

// %% [markdown]
// **Blur** takes fine texture away. σ is in pixels of the view, so what is gentle at 224 pixels is heavy at 32: the recipes
// for CIFAR-10 have none.

// %%

// VaryBlur shows blurs of several widths.
func VaryBlur() {
	Vary("σ", []float64{0.5, 1, 2}, func(p *augment.Policy, v float64) {
		p.BlurP, p.BlurSigma = 1, [2]float64{v, v}
	})
}

//gonb:%exec VaryBlur

// %% [markdown]
// **Solarize** inverts all values from one half on. It looks odd, and it is: BYOL has it, in one of its views only.

// %%

// VarySolarize shows how many images are solarized.
func VarySolarize() {
	Vary("probability", []float64{0.2, 0.5, 1}, func(p *augment.Policy, v float64) {
		p.SolarizeP = v
	})
}

//gonb:%exec VarySolarize

// %% [markdown]
// ## The views of the papers
//
// All of it together. SimCLR (arXiv:2002.05709) and SimSiam (arXiv:2011.10566) differ in the smallest crop only. BYOL
// (arXiv:2006.07733) has two policies, one for each view: the first is always blurred, the second seldom, but sometimes
// solarized. The random numbers are again the same in all rows, so that you see what the settings do.

// %%

// ShowPapers shows a view of each image by each policy.
func ShowPapers() {
	first, second := augment.BYOL(size)
	labels := []string{"SimCLR", "SimSiam", "BYOL, view 0", "BYOL, view 1"}
	policies := []augment.Policy{augment.SimCLR(size), augment.SimSiam(size), first, second}
	check(show.Augmentations(Pictures(), 8, labels, policies, kind).Show())
}

//gonb:%exec ShowPapers

// %% [markdown]
// And this is what a recipe draws: two views of each image, independent of each other. Cover the first row, and match.

// %%

// Recipe is SimCLR's for the data.
func Recipe() recipe.Recipe {
	switch dataset.Name(data) {
	case dataset.CIFAR10:
		return must(recipe.CIFAR10("SimCLR"))
	case dataset.Imagenette:
		return must(recipe.Imagenette("SimCLR"))
	}
	return must(recipe.Shapes("SimCLR"))
}

// ShowViews shows two views of some images as training draws them.
func ShowViews() {
	check(show.Views(Pictures(), 8, Recipe().Views[0], 2, kind).Show())
}

//gonb:%exec ShowViews

// %% [markdown]
// ## Normalisation
//
// At the end of a view, colours in [0, 1] become (colour − mean) / standard deviation. That only moves the numbers to
// where a new network works best; it takes nothing away. The recipes use ImageNet's statistics for all data, as the
// published ones do. For images that are far from photographs, such as X-rays, put the statistics of your own in.

// %%

// Normalise compares statistics.
func Normalise() {
	images := must(dataset.Load(ctx, dataset.Name(data), 1000, 0, nil)).Train
	mean, std := images.MeanStd()
	p := Recipe().Views[0]
	fmt.Printf("these images   mean %.3f  standard deviation %.3f\n", mean, std)
	fmt.Printf("the recipe     mean %.3f  standard deviation %.3f\n", p.Mean, p.Std)
	p.Mean, p.Std = mean, std
	check(p.Validate()) // the same policy with the statistics of these images
}

//gonb:%exec Normalise

// %% [markdown]
// ## Where images live
//
// A compiled step takes its batch from images on the device. If all of them fit, they are copied there once, as bytes, and
// a step gets nothing but the numbers of its images: *resident*. If they do not fit, the host puts batches together and
// copies them over while the device works on those before: *streamed*. Augmentation runs on the device either way, and the
// numbers are the same.

// %%

// Feed shows what a step gets.
func Feed() {
	images := must(dataset.Load(ctx, dataset.Name(data), 1000, 0, nil)).Train
	for _, mode := range []feed.Mode{feed.Resident, feed.Streamed} {
		source := must(feed.Open(must(device.Open(kind)), images, mode))
		reader := must(source.Read([]int32{7, 3, 999, 0}, 4)) // a batch of four
		for _, part := range must(reader.Next()) {
			fmt.Printf("%-9s a step gets %s\n", mode, part.Shape())
		}
		reader.Close()
		source.Free()
	}
}

//gonb:%exec Feed

// %% [markdown]
// Nothing has to be set: a run is resident if the images take at most half of the device's free memory. `Feed` in the
// options of `train.Run` decides otherwise.
//
// **Try:** in `VaryCrop`, let areas be drawn from a range, as in `p.Scale = [2]float64{v, 1}`, which is what policies do. In
// `ShowPapers`, add a policy of your own, and say what the network could not learn from it. If you have photographs in
// folders, give `ReadFolder` yours, with `ShortSide: 160`.
//
// Next: *3. SimCLR from its parts*.
