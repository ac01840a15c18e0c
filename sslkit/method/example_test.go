package method_test

import (
	"fmt"

	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/method"
)

// Where methods stand still if all images get the same embedding, of batches of
// 128, with a queue of 4096 keys and projections of 64 dimensions.
func ExampleMethod() {
	projector := head.MLP{Out: 64}
	for _, m := range []method.Method{
		method.MoCo{Projector: projector, Queue: 4096},
		method.SimCLR{Projector: projector},
		method.SimSiam{Projector: projector},
		method.BarlowTwins{Projector: projector},
		method.BYOL{Projector: projector},
	} {
		fmt.Printf("%-11s compares %d views, collapsed at %.3f\n", method.Name(m), m.Views().Full, m.(method.Collapser).Collapsed(128).Loss)
	}
	// Output:
	// MoCo        compares 2 views, collapsed at 8.318
	// SimCLR      compares 2 views, collapsed at 5.541
	// SimSiam     compares 2 views, collapsed at -1.000
	// BarlowTwins compares 2 views, collapsed at 64.000
	// BYOL        compares 2 views, collapsed at -1.000
}
