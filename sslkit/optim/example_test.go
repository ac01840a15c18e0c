package optim_test

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/optim"
	"github.com/gossl/gossl/sslkit/schedule"
)

// Three steps down the parabola w², whose gradient is 2w, from w = 1.
func ExampleSGD_Step() {
	d, err := device.Open(device.Go)
	if err != nil {
		fmt.Println(err)
		return
	}
	sgd := optim.SGD{Momentum: 0.9}
	step := func(w, velocity, lr *graph.Node) []*graph.Node {
		w, slots := sgd.Step(optim.Update{Params: w, Gradient: graph.MulScalar(w, 2), LR: lr, Slots: []*graph.Node{velocity}})
		return []*graph.Node{w, slots[0]}
	}
	rate := schedule.Schedule{From: 0.1, Shape: schedule.Annealing, Per: schedule.Epoch}
	var w, velocity any = []float32{1}, []float32{0}
	for epoch := range 3 {
		lr := float32(rate.Value(epoch, 3))
		after, err := graph.ExecOnceN(d.Backend, step, w, velocity, lr)
		if err != nil {
			fmt.Println(err)
			return
		}
		w, velocity = after[0], after[1]
		fmt.Printf("learning rate %.3f: w = %.3f\n", lr, after[0].Value())
	}
	// Output:
	// learning rate 0.100: w = [0.800]
	// learning rate 0.075: w = [0.545]
	// learning rate 0.025: w = [0.441]
}
