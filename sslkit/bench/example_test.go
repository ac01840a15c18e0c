package bench_test

import (
	"fmt"

	"github.com/gossl/gossl/sslkit/bench"
	"github.com/gossl/gossl/sslkit/dataset"
)

// Two methods with two seeds each, as the second of two machines would run them.
func ExamplePlan() {
	plan := bench.Default(dataset.CIFAR10)
	plan.Methods, plan.Seeds = []string{"SimCLR", "BYOL"}, 2
	runs, err := plan.Recipes()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range runs {
		fmt.Println(bench.ID(r))
	}
	mine, err := bench.Shard(runs, 1, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the second machine makes", len(mine), "runs, first", bench.ID(mine[0]))
	// Output:
	// cifar10-lightly2023-SimCLR-b512-e200-s0
	// cifar10-lightly2023-BYOL-b512-e200-s0
	// cifar10-lightly2023-SimCLR-b512-e200-s1
	// cifar10-lightly2023-BYOL-b512-e200-s1
	// the second machine makes 2 runs, first cifar10-lightly2023-BYOL-b512-e200-s0
}
