package main

import (
	"testing"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/show"
)

func TestChoose(t *testing.T) {
	oldWhat, oldFolder := what, folder
	t.Cleanup(func() { what, folder = oldWhat, oldFolder })
	for _, name := range []dataset.Name{dataset.CIFAR10, dataset.Shapes} {
		if err := choose(string(name)); err != nil {
			t.Fatal(err)
		}
		if what.Data != name {
			t.Errorf("-data %s trains on %s", name, what.Data)
		}
		if len(what.Views) != 2 {
			t.Errorf("-data %s: %d views, want the 2 that the text speaks of", name, len(what.Views))
		}
	}
	if err := choose("cifar"); err == nil {
		t.Error("-data cifar: no error")
	}
}

func TestImagesCanBeShown(t *testing.T) {
	oldWhat := what
	t.Cleanup(func() { what = oldWhat })
	what.TrainImages, what.TestImages = 20, 10
	picture, err := show.Grid(Images().Train, 20, 10).Image()
	if err != nil {
		t.Fatal(err)
	}
	if size := picture.Bounds().Size(); size.X < 10*32 || size.Y < 2*32 {
		t.Errorf("the picture is %v pixels", size)
	}
}
