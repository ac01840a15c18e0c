// Package augment draws the random views of images that self-supervised
// methods compare. Everything here is a graph function: it runs on the device,
// inside the compiled training step, on images that stay bytes until then.
//
// A [Policy] is how a view is drawn: a plain value whose fields are
// probabilities and strengths. [SimCLR], [SimSiam] and [BYOL] are those of the
// papers; [Policy.View] draws a view of every image of a [Batch], and
// [Policy.Plain] is what the network sees in evaluation.
package augment
