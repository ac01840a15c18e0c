// Plans: convolutions that oneDNN has generated code for.
#ifndef SSLKIT_PLAN_H
#define SSLKIT_PLAN_H

#include "conv.h"

// A plan is a convolution of one shape, ready to be computed by one thread. Plans are made at their first use and kept.
typedef struct plan plan;

// plan_of returns the plan of a shape, or NULL if oneDNN has none.
const plan* plan_of(const conv_shape* s);

// plan_run computes a convolution in the calling thread. Weights, or their gradient, are row-major; a gradient of weights
// is float32 whatever the type of the others.
bool plan_run(const plan* p, void* x, void* weights, void* y);

#endif
