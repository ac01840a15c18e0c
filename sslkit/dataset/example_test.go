package dataset_test

import (
	"context"
	"fmt"

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
