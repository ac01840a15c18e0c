package show_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/show"
)

// Below a notebook's cell this is a picture.
func ExampleLines() {
	err := show.Lines("spread of the embeddings (0: collapsed)", "epoch",
		show.Series{Name: "with stop-gradient", Y: []float64{0.98, 0.93, 0.95}},
		show.Series{Name: "without", Y: []float64{0.98, 0.31, 0.02}})
	if err != nil {
		log.Fatal(err)
	}
	// Output: lines: shown in a notebook; show.SaveLines keeps them
}

func ExampleConfusionImage() {
	truth, predicted := []int32{0, 0, 1, 1}, []int32{0, 1, 1, 1}
	picture, err := show.ConfusionImage(truth, predicted, []string{"cat", "dog"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(picture.Bounds().Dx() > 200)
	_, err = show.ConfusionImage(truth, predicted[:3], []string{"cat", "dog"})
	fmt.Println(err)
	// Output:
	// true
	// show: Confusion: 4 true and 3 predicted classes, want as many
}

func ExampleNeighboursImage() {
	set, err := dataset.DrawShapes(1, 10, 0)
	if err != nil {
		log.Fatal(err)
	}
	nearest := [][]embedding.Neighbour{
		{{Image: 4, Similarity: 0.93}, {Image: 7, Similarity: 0.88}}, // of image 0
		{{Image: 2, Similarity: 0.97}, {Image: 3, Similarity: 0.71}}, // of image 1
	}
	picture, err := show.NeighboursImage("after training", set.Train, []int{0, 1}, set.Train, nearest)
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(os.TempDir(), "sslkit_neighbours.png")
	defer os.Remove(path)
	fmt.Println(show.SavePNG(path, picture))
	// Output: <nil>
}

func ExampleLiveMatrix() {
	live := show.LiveMatrix(1)
	correlation := []float32{1, 0.4, 0.4, 1}
	for step := range 3 {
		if err := live(fmt.Sprintf("cross-correlation, step %d", step), correlation); err != nil {
			log.Fatal(err)
		}
		correlation[1], correlation[2] = correlation[1]/2, correlation[2]/2
	}
	// Output:
}
