#include "conv.h"
#include "ffi.h"
#include "parallel.h"
#include "plan.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A job is one call, cut into pieces: the threads of XLA compute one each.
typedef struct {
	conv_shape shape; // of the whole
	int64_t pieces;
	bool by_channels;
	char *x, *weights, *y;
	float* partial;   // a gradient of the weights for each piece, or NULL: then it is written in place
	int64_t elements; // of the weights
	atomic_bool failed;
} job;

// cut decides how a job is cut. By images, each thread has a copy of all weights, or of their gradient. Where those are larger
// than what is computed or read with them, which is copied then, the job is cut by channels, and each thread has a part.
static void cut(job* j, int64_t threads) {
	enum { VECTOR = 16 }; // floats
	const conv_shape* s = &j->shape;
	int64_t channels = s->kind == CONV_INPUT_GRADIENT ? s->c : s->o;
	int64_t copied = s->n * channels * (s->kind == CONV_INPUT_GRADIENT ? s->h * s->w : s->oh * s->ow);
	j->by_channels = threads > 1 && channels % (threads * VECTOR) == 0 && j->elements > copied;
	j->pieces = j->by_channels || threads < s->n ? threads : s->n;
}

static void compute(void* arg, int64_t number) {
	job* j = arg;
	const conv_shape* s = &j->shape;
	piece own = {.conv = *s, .partial = j->partial != NULL};
	size_t item = s->bf16 ? 2 : 4;
	char *x = j->x, *weights = j->weights, *y = j->y;
	if (j->by_channels) {
		bool of_x = s->kind == CONV_INPUT_GRADIENT;
		own.of = of_x ? s->c : s->o;
		int64_t count = own.of / j->pieces, first = count * number;
		*(of_x ? &own.conv.c : &own.conv.o) = count;
		*(of_x ? &x : &y) += first * item;
		weights += first * (of_x ? s->o : 1) * item;
	} else {
		int64_t first = s->n * number / j->pieces;
		own.conv.n = s->n * (number + 1) / j->pieces - first;
		x += first * s->h * s->w * s->c * item;
		y += first * s->oh * s->ow * s->o * item;
		if (own.partial) weights = (char*)(j->partial + number * j->elements);
	}
	const plan* p = plan_of(&own);
	if (p == NULL || !plan_run(p, x, weights, y)) atomic_store(&j->failed, true);
}

// rounded is the bfloat16 nearest to a value, of two the even one.
static uint16_t rounded(float value) {
	uint32_t bits;
	memcpy(&bits, &value, sizeof bits);
	if ((bits & 0x7fffffff) > 0x7f800000) return 0x7fc0; // not a number
	return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

// sum adds the partial gradients of a range of the weights, as many ranges as there are pieces, in the order of the pieces.
static void sum(void* arg, int64_t range) {
	job* j = arg;
	int64_t from = j->elements * range / j->pieces, to = j->elements * (range + 1) / j->pieces;
	float* total = j->partial;
	for (int64_t piece = 1; piece < j->pieces; piece++) {
		const float* part = j->partial + piece * j->elements;
		for (int64_t i = from; i < to; i++) total[i] += part[i];
	}
	if (!j->shape.bf16) memcpy((float*)j->weights + from, total + from, (to - from) * sizeof(float));
	else
		for (int64_t i = from; i < to; i++) ((uint16_t*)j->weights)[i] = rounded(total[i]);
}

static void* failure(const ffi_call* call, int code, const char* what) {
	char message[256];
	snprintf(message, sizeof message, "convolution by oneDNN: %s", what);
	ffi_error_create_args args = {.struct_size = sizeof args, .message = message, .code = code};
	return call->api->error_create(&args);
}

static void answer_metadata(ffi_metadata* m) { m->version.major = FFI_MAJOR, m->version.minor = FFI_MINOR; }

// read_job fills a job from a call's buffers and attribute, and says what is wrong with them, or returns NULL.
static const char* read_job(const ffi_call* call, job* j) {
	if (call->args.size != 2 || call->args.types[0] != FFI_BUFFER || call->args.types[1] != FFI_BUFFER) return "want two buffers as arguments";
	if (call->results.size != 1 || call->results.types[0] != FFI_BUFFER) return "want one buffer as result";
	if (call->attrs.size != 1 || call->attrs.types[0] != FFI_ARRAY) return "want one attribute, an array";
	const ffi_array* geometry = call->attrs.of[0];
	if (geometry->type != FFI_S64 || geometry->size != 5) return "want five whole numbers as geometry";
	const int64_t* g = geometry->data;
	const ffi_buffer *a = call->args.of[0], *b = call->args.of[1], *result = call->results.of[0];
	if (a->rank != 4 || b->rank != 4 || result->rank != 4) return "want buffers of rank 4";
	if (a->type != b->type || a->type != result->type || (a->type != FFI_F32 && a->type != FFI_BF16)) return "want buffers of one type, f32 or bf16";
	const ffi_buffer *x = a, *weights = b, *y = result;
	if (g[0] == CONV_INPUT_GRADIENT) x = result, y = a;
	if (g[0] == CONV_WEIGHT_GRADIENT) weights = result, y = b;
	j->shape = (conv_shape){
		.kind = g[0], .bf16 = a->type == FFI_BF16, .n = x->dims[0], .h = x->dims[1], .w = x->dims[2], .c = x->dims[3],
		.oh = y->dims[1], .ow = y->dims[2], .o = y->dims[3], .kh = weights->dims[0], .kw = weights->dims[1],
		.stride_h = g[1], .stride_w = g[2], .pad_h = g[3], .pad_w = g[4],
	};
	if (y->dims[0] != x->dims[0] || weights->dims[2] != x->dims[3] || weights->dims[3] != y->dims[3]) return "the buffers' sizes contradict each other";
	j->x = x->data, j->weights = weights->data, j->y = y->data;
	j->elements = weights->dims[0] * weights->dims[1] * weights->dims[2] * weights->dims[3];
	return conv_check(&j->shape);
}

void* conv_call(void* arg) {
	const ffi_call* call = arg;
	for (ffi_extension* e = call->extension; e != NULL; e = e->next)
		if (e->type == FFI_METADATA) {
			answer_metadata(((ffi_metadata_extension*)e)->metadata);
			return NULL;
		}
	if (call->stage != FFI_EXECUTE) return NULL;
	job j = {0};
	const char* wrong = read_job(call, &j);
	if (wrong != NULL) return failure(call, FFI_INVALID_ARGUMENT, wrong);
	cut(&j, parallel_threads(call));
	bool partial = j.shape.kind == CONV_WEIGHT_GRADIENT && j.pieces > 1 && !j.by_channels;
	if (partial && (j.partial = aligned_alloc(64, (j.pieces * j.elements * sizeof(float) + 63) & ~(size_t)63)) == NULL) return failure(call, FFI_INTERNAL, "out of memory");
	parallel(call, j.pieces, compute, &j);
	bool ok = !atomic_load(&j.failed);
	if (ok && partial) parallel(call, j.pieces, sum, &j);
	free(j.partial);
	return ok ? NULL : failure(call, FFI_INTERNAL, "it could not be computed");
}

bool conv_register(void* api, char* message, size_t size) {
	enum { FFI_EXTENSION = 5 }; // of a plugin
	struct { size_t struct_size; ffi_extension* extension; }* table = api;
	for (ffi_extension* e = table->extension; e != NULL; e = e->next) {
		struct { ffi_extension base; void *type_register, *user_data_add; void* (*handler_register)(void*); }* ffi = (void*)e;
		if (e->type != FFI_EXTENSION || e->struct_size < sizeof *ffi) continue;
		static const char name[] = "sslkit_conv", platform[] = "Host";
		struct {
			size_t struct_size;
			const char* name;
			size_t name_size;
			void* (*handler)(void*);
			const char* platform;
			size_t platform_size;
			uint32_t traits;
		} args = {52, name, sizeof name - 1, conv_call, platform, sizeof platform - 1, 0};
		if (ffi->handler_register(&args) == NULL) return true;
		snprintf(message, size, "the plugin refuses handlers of custom calls");
		return false;
	}
	snprintf(message, size, "the plugin has no custom calls");
	return false;
}
