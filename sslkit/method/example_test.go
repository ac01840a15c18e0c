package method_test

import (
	"encoding/json"
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

// Hyperparameters are fields. A method is written with its name, and read
// strictly: a field that it does not have is an error, not a number that nobody
// looks at.
func ExampleValue() {
	m := method.SimCLR{
		Projector:   head.MLP{Layers: 2, Hidden: 512, Out: 128, BatchNorm: true, OutNorm: head.NoNorm},
		Temperature: 0.5,
	}
	text, err := json.Marshal(method.Value{Method: m})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(text))

	var read method.Value
	fmt.Println(json.Unmarshal(text, &read), read.Method == m)
	fmt.Println(json.Unmarshal([]byte(`{"SimCLR": {"temprature": 0.1}}`), &read))
	// Output:
	// {"SimCLR":{"projector":{"layers":2,"hidden":512,"out":128,"batch_norm":true,"out_norm":"none","all_biases":false},"temperature":0.5}}
	// <nil> true
	// method: SimCLR: json: unknown field "temprature"
}
