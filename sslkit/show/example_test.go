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
	picture := show.Lines("spread of the embeddings (0: collapsed)", "epoch",
		show.Series{Name: "with stop-gradient", Y: []float64{0.98, 0.93, 0.95}},
		show.Series{Name: "without", Y: []float64{0.98, 0.31, 0.02}})
	if err := picture.Show(); err != nil {
		log.Fatal(err)
	}
	// Output: lines: shown in a notebook; Save keeps it in a file
}

func ExampleConfusion() {
	truth, predicted := []int32{0, 0, 1, 1}, []int32{0, 1, 1, 1}
	picture, err := show.Confusion(truth, predicted, []string{"cat", "dog"}).Image()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(picture.Bounds().Dx() > 200)
	fmt.Println(show.Confusion(truth, predicted[:3], []string{"cat", "dog"}).Show())
	// Output:
	// true
	// show: Confusion: 4 true and 3 predicted classes, want as many
}

func ExampleNeighbours() {
	set, err := dataset.DrawShapes(1, 10, 0)
	if err != nil {
		log.Fatal(err)
	}
	nearest := [][]embedding.Neighbour{
		{{Image: 4, Similarity: 0.93}, {Image: 7, Similarity: 0.88}}, // of image 0
		{{Image: 2, Similarity: 0.97}, {Image: 3, Similarity: 0.71}}, // of image 1
	}
	picture := show.Neighbours("after training", set.Train, []int{0, 1}, set.Train, nearest)
	path := filepath.Join(os.TempDir(), "sslkit_neighbours.png")
	defer os.Remove(path)
	fmt.Println(picture.Save(path))
	// Output: <nil>
}

func ExampleLive() {
	live := show.Live()
	correlation := []float32{1, 0.4, 0.4, 1}
	for step := range 3 {
		if err := live(show.Matrix(fmt.Sprintf("cross-correlation, step %d", step), correlation, 1)); err != nil {
			log.Fatal(err)
		}
		correlation[1], correlation[2] = correlation[1]/2, correlation[2]/2
	}
	// Output:
}
