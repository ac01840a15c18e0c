package main

import (
	"flag"
	"fmt"
	"path/filepath"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/show"
	"github.com/gossl/gossl/sslkit/train"
)

// main runs the cells as a program. A flag that is not given leaves the recipe as it is.
func main() {
	name := flag.String("data", data, "data set: shapes or cifar10")
	epochs := flag.Int("epochs", 0, "epochs to train")
	batch := flag.Int("batch", 0, "images per step; the learning rate is scaled with it")
	width := flag.Int("width", 0, "channels of the network's first stage")
	images := flag.Int("images", 0, "images to train on")
	on := flag.String("device", string(kind), "auto, cuda, cpu or go")
	precision := flag.String("precision", "", "bf16 or f32")
	out := flag.String("out", "", "folder of the run and its pictures (default runs/quickstart/DATA)")
	flag.Parse()
	if flag.NArg() > 0 {
		check(fmt.Errorf("%q: want flags only, -help lists them", flag.Args()))
	}

	check(choose(*name))
	if *batch != 0 {
		what.LR.From *= float64(*batch) / float64(what.Batch)
	}
	for value, field := range map[*int]*int{
		epochs: &what.Epochs, batch: &what.Batch, images: &what.TrainImages,
	} {
		if *value != 0 {
			*field = *value
		}
	}
	if *width != 0 {
		what.Backbone = what.Backbone.(backbone.ResNet).Sized(*width) // as both recipes have it
	}
	kind = device.Kind(*on)
	if *precision != "" {
		what.Precision = device.Precision(*precision)
	}
	if *out != "" {
		folder = *out
	}

	Train()
	savePictures()
	ShowTable()
}

// choose sets the recipe and the folder for a data set.
func choose(name string) error {
	if name != string(dataset.Shapes) && name != string(dataset.CIFAR10) {
		return fmt.Errorf("-data %s: want shapes or cifar10", name)
	}
	r, err := Recipe(name)
	if err != nil {
		return err
	}
	what, folder = r, filepath.Join("runs", "quickstart", name)
	return nil
}

// savePictures keeps what a notebook would show.
func savePictures() {
	images := Images().Train
	check(show.Grid(images, 20, 10).Save(filepath.Join(folder, "images.png")))
	check(show.Views(images, 10, what.Views[0], 2, kind).Save(filepath.Join(folder, "views.png")))
	check(show.Curves(must(train.Open(folder))).Save(filepath.Join(folder, "curves.png")))
	fmt.Println("pictures:", filepath.Join(folder, "*.png"))
}
