// Package head holds the small networks between a backbone and a loss.
//
// All of them are an [MLP]: the projection head, whose output the loss
// compares, and the prediction head of the methods that have one. A [Norm] says
// how it ends.
package head
