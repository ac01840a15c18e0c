package pretrained_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/pretrained"
	"github.com/gossl/gossl/sslkit/recipe"
)

// A backbone goes into a file, and out of it again, and embeds images.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	r, err := recipe.Shapes("SimCLR")
	if err != nil {
		fmt.Println(err)
		return
	}
	model, err := pretrained.Untrained(recipe.Quick(r)) // pretrained.Open("runs/first") has that of a run
	if err != nil {
		fmt.Println(err)
		return
	}
	file := filepath.Join(dir, "model.safetensors")
	if err := model.WriteSafetensors(file); err != nil {
		fmt.Println(err)
		return
	}
	if err := model.WriteONNX(filepath.Join(dir, "model.onnx")); err != nil {
		fmt.Println(err)
		return
	}

	model, err = pretrained.Load(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := dataset.DrawShapes(dataset.ShapesSeed, 20, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	set, err := model.Embed(context.Background(), device.Go, data.Train)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(model.Parameters(), "parameters, for images of", model.Size, "pixels")
	fmt.Println(set.Len(), "images,", set.Dim, "features each, of", len(set.Classes), "classes")
	// Output:
	// 19624 parameters, for images of 32 pixels
	// 20 images, 32 features each, of 10 classes
}
