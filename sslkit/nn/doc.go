// Package nn is where a model's variables are born: scopes that name them, and
// the layers of convolutional networks with PyTorch's definitions and defaults.
//
// A model is a function that builds a graph. All its parameters lie in one flat
// vector on the device, and all its buffers (running statistics, queues) in
// another; [Declare] finds out which there are, [Variables.Bind] cuts them out
// of the vectors inside a graph.
package nn
