// Package optim turns gradients into new parameters.
//
// [SGD], [LARS], [Adam] and [AdamW] are values with a method Step, a graph
// function on flat vectors of all parameters.
package optim
