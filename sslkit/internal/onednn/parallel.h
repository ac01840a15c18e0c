// Loops on the threads of XLA's own pool.
#ifndef SSLKIT_PARALLEL_H
#define SSLKIT_PARALLEL_H

#include "ffi.h"

// parallel_threads is how many threads the pool of a call has.
int64_t parallel_threads(const ffi_call* call);

// parallel calls f(arg, i) for each i below count, in the calling thread and in others that are free, and returns when all
// of these calls have.
void parallel(const ffi_call* call, int64_t count, void (*f)(void* arg, int64_t i), void* arg);

#endif
