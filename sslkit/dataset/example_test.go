package dataset_test

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"

	"github.com/gossl/gossl/sslkit/dataset"
)

func ExampleLoad() {
	set, err := dataset.Load(context.Background(), dataset.Shapes, 1000, 200, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(set.Train.Len(), "and", set.Test.Len(), "images")
	fmt.Println("the first shows a", set.Train.Classes[set.Train.Labels[0]])
	fmt.Println("it has", len(set.Train.At(0)), "values")
	// Output:
	// 1000 and 200 images
	// the first shows a disc
	// it has 3072 values
}

func ExampleFolder() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	save(filepath.Join(dir, "cat", "sleeping.png"), 300, 400)
	save(filepath.Join(dir, "dog", "running.png"), 800, 600)
	save(filepath.Join(dir, "dog", "small.png"), 40, 30)

	images, err := dataset.Folder(context.Background(), dir, dataset.FolderOptions{ShortSide: 60, NoCache: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, file := range images.Files {
		height, width := images.Size(i)
		fmt.Println(file, "is a", images.Classes[images.Labels[i]], "of", width, "by", height, "pixels")
	}
	// Output:
	// cat/sleeping.png is a cat of 60 by 80 pixels
	// dog/running.png is a dog of 80 by 60 pixels
	// dog/small.png is a dog of 40 by 30 pixels
}

// save writes a black picture.
func save(path string, width, height int) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		panic(err)
	}
	file, err := os.Create(path)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	if err := png.Encode(file, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		panic(err)
	}
}
