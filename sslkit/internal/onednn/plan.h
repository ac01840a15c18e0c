// Plans: convolutions that oneDNN has generated code for.
#ifndef SSLKIT_PLAN_H
#define SSLKIT_PLAN_H

#include "conv.h"

// A piece is what one thread computes of a convolution: all channels of some images, or some channels of all images. Like a
// conv_shape it can be compared as memory.
typedef struct {
	conv_shape conv; // the piece's own
	int64_t of;      // how many channels the whole has, 0 if this piece has all: of the result, or of x where its gradient is computed
	int64_t partial; // a gradient of weights that is to be added to those of other images: float32, whatever the others are
} piece;

// A plan is a piece of one shape, ready to be computed. Plans are made at their first use and kept.
typedef struct plan plan;

// plan_of returns the plan of a shape, or NULL if oneDNN has none.
const plan* plan_of(const piece* shape);

// plan_run computes a piece in the calling thread. The pointers are to its first elements in the whole tensors, row-major.
bool plan_run(const plan* p, void* x, void* weights, void* y);

#endif
