package train_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// A run of an epoch, and another epoch from its folder on. It is made small for
// the pure-Go backend; device.Auto has better ones.
func ExampleRun() {
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
	r = recipe.Quick(r)
	r.TrainImages, r.TestImages, r.Batch, r.Epochs = 16, 4, 8, 2
	r.Backbone, r.Eval.K = backbone.Tiny().Sized(2, 1, 1, 1), 3
	for i := range r.Views {
		r.Views[i].Size = 8
	}

	for range 2 {
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		result, err := train.Run(ctx, r, train.Options{Dir: dir, Device: device.Go, Report: func(e train.Event) {
			if e.Phase == train.EpochDone {
				fmt.Println("epoch", e.Epoch, "of", e.Epochs)
				if e.Epoch == 1 {
					stop() // as Ctrl-C does
				}
			}
		}})
		if errors.Is(err, context.Canceled) {
			fmt.Println("stopped")
		} else if err != nil {
			fmt.Println(err)
			return
		} else {
			fmt.Println("the run has measured", len(result.Epochs), "epochs; 0 is the untrained network")
		}
	}
	// Output:
	// epoch 0 of 2
	// epoch 1 of 2
	// stopped
	// epoch 2 of 2
	// the run has measured 3 epochs; 0 is the untrained network
}
