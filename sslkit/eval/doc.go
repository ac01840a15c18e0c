// Package eval measures what a network has learnt without labels: it embeds
// images, asks their nearest neighbours, and fits linear probes.
//
// An [Embedder] turns images into features. [KNN] classifies each by its
// nearest neighbours among features whose labels are known, and needs no
// training; a [Grid] does so with several numbers of neighbours and temperatures at
// once. [Linear] fits a linear classifier. Either compares its answers with
// the labels by [Accuracy].
package eval
