package recipe_test

import (
	"fmt"

	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
)

// A published recipe, and an experiment with it: a changed copy.
func ExampleCIFAR10() {
	published, err := recipe.CIFAR10("SimCLR")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(published.Epochs, "epochs of", published.Steps(), "steps, published accuracy", published.Expect.KNN)

	mine := published
	simCLR := mine.Method.(method.SimCLR)
	simCLR.Temperature = 0.1
	mine.Method = simCLR
	mine.Epochs = 20
	fmt.Println(recipe.Diff(published, mine))
	// Output:
	// 200 epochs of 97 steps, published accuracy 0.848
	// method.SimCLR.temperature: 0.5 → 0.1
	// epochs: 200 → 20
}
