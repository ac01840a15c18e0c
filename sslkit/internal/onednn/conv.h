// Convolutions of XLA programs by oneDNN.
#ifndef SSLKIT_CONV_H
#define SSLKIT_CONV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Which of a convolution's three tensors is computed from the other two.
enum { CONV_FORWARD, CONV_INPUT_GRADIENT, CONV_WEIGHT_GRADIENT };

// A convolution: activations [n, h, w, c], weights [kh, kw, c, o], result [n, oh, ow, o], row-major. Padding is above and to
// the left; below and to the right it is what the result's size asks for. The fields are of one type, so that two
// convolutions can be compared as memory.
typedef struct {
	int64_t kind, bf16, n, h, w, c, oh, ow, o, kh, kw, stride_h, stride_w, pad_h, pad_w;
} conv_shape;

// conv_load loads oneDNN, once in a process. It is false with a message where that cannot be.
bool conv_load(const char* path, char* message, size_t size);

// conv_version is that of the loaded library.
void conv_version(int* major, int* minor, int* patch);

// conv_check says what is wrong with a convolution's sizes, or NULL.
const char* conv_check(const conv_shape* s);

// conv_supports reports whether oneDNN has code for a convolution on this CPU that is faster than plain loops.
bool conv_supports(const conv_shape* s);

// conv_register makes the handler of custom calls known to a PJRT plugin, whose function table api is.
bool conv_register(void* api, char* message, size_t size);

// conv_call is that handler. Its call has the attribute geometry = [kind, stride_h, stride_w, pad_h, pad_w]; arguments and
// result are the three tensors, in the order in which they are named above. It returns an error of XLA's, or NULL.
void* conv_call(void* call);

#endif
