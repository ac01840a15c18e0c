// Calls the handler as XLA does, with random convolutions and with wrong ones, and compares with plain loops. It is compiled
// together with the handler, with the compiler's checks of memory: TestCallsInMemory.
#include "../conv.h"
#include "../ffi.h"

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int threads = 3, refuse;

// An XLA whose pool is a thread for each task.
struct ffi_error { int code; char message[300]; };
static ffi_error* error_create(ffi_error_create_args* a) {
	ffi_error* e = malloc(sizeof *e);
	e->code = a->code;
	snprintf(e->message, sizeof e->message, "%s", a->message);
	return e;
}
static void error_destroy(ffi_error_destroy_args* a) { free(a->error); }
typedef struct { void (*task)(void*); void* data; } start;
static pthread_t started[64];
static int running;
static void* run(void* of) {
	start s = *(start*)of;
	free(of);
	s.task(s.data);
	return NULL;
}
static ffi_error* schedule(ffi_schedule_args* a) {
	if (refuse) return error_create(&(ffi_error_create_args){.message = "no pool", .code = 13});
	start* s = malloc(sizeof *s);
	*s = (start){a->task, a->data};
	pthread_create(&started[running++], NULL, run, s);
	return NULL;
}
static ffi_error* count_threads(ffi_threads_args* a) {
	if (refuse) return error_create(&(ffi_error_create_args){.message = "no pool", .code = 13});
	*a->threads = threads;
	return NULL;
}
static const ffi_api api = {
	.struct_size = sizeof api, .error_create = error_create, .error_destroy = error_destroy, .schedule = schedule, .threads = count_threads,
};

static float as_bf16(float v) {
	uint32_t b;
	memcpy(&b, &v, 4);
	b = (b + 0x7fff + (b >> 16 & 1)) & 0xffff0000;
	memcpy(&v, &b, 4);
	return v;
}

// A tensor holds the same values narrow, as XLA would give them, in memory of exactly that size, and wide.
typedef struct { int64_t dims[4], count; float* wide; void* narrow; ffi_buffer buffer; } tensor;
static tensor make(int64_t a, int64_t b, int64_t c, int64_t d, bool bf16) {
	tensor t = {.dims = {a, b, c, d}, .count = a * b * c * d};
	t.wide = malloc(t.count * sizeof(float));
	t.narrow = malloc(t.count * (bf16 ? 2 : 4));
	for (int64_t i = 0; i < t.count; i++) {
		t.wide[i] = as_bf16((float)rand() / RAND_MAX - 0.5f);
		if (bf16) memcpy((uint16_t*)t.narrow + i, (char*)&t.wide[i] + 2, 2);
		else ((float*)t.narrow)[i] = t.wide[i];
	}
	t.buffer = (ffi_buffer){.struct_size = sizeof t.buffer, .type = bf16 ? FFI_BF16 : FFI_F32, .data = t.narrow, .rank = 4};
	return t;
}
static float value(const tensor* t, int64_t i) {
	float v = 0;
	if (t->buffer.type == FFI_F32) return ((float*)t->narrow)[i];
	memcpy((char*)&v + 2, (uint16_t*)t->narrow + i, 2);
	return v;
}
static int64_t at(const tensor* t, int64_t a, int64_t b, int64_t c, int64_t d) { return ((a * t->dims[1] + b) * t->dims[2] + c) * t->dims[3] + d; }

static ffi_error* call(int64_t* geometry, int64_t numbers, tensor* a, tensor* b, tensor* result) {
	a->buffer.dims = a->dims, b->buffer.dims = b->dims, result->buffer.dims = result->dims;
	int buffer[] = {FFI_BUFFER, FFI_BUFFER}, array = FFI_ARRAY;
	void *args[] = {&a->buffer, &b->buffer}, *results[] = {&result->buffer};
	ffi_array attr = {FFI_S64, numbers, geometry};
	void* attrs[] = {&attr};
	ffi_call c = {
		.struct_size = sizeof c, .api = &api, .stage = FFI_EXECUTE, .args = {.size = 2, .types = buffer, .of = args},
		.results = {.size = 1, .types = buffer, .of = results}, .attrs = {.size = 1, .types = &array, .of = attrs},
	};
	ffi_error* e = conv_call(&c);
	while (running > 0) pthread_join(started[--running], NULL);
	return e;
}

// expected adds each product of the convolution to what is computed from it.
static void expected(const conv_shape* s, const tensor* x, const tensor* k, const tensor* y, double* out) {
	for (int64_t n = 0; n < s->n; n++) for (int64_t i = 0; i < s->oh; i++) for (int64_t j = 0; j < s->ow; j++)
	for (int64_t a = 0; a < s->kh; a++) for (int64_t b = 0; b < s->kw; b++) {
		int64_t h = i * s->stride_h + a - s->pad_h, w = j * s->stride_w + b - s->pad_w;
		if (h < 0 || h >= s->h || w < 0 || w >= s->w) continue;
		for (int64_t c = 0; c < s->c; c++) for (int64_t o = 0; o < s->o; o++) {
			int64_t ix = at(x, n, h, w, c), ik = at(k, a, b, c, o), iy = at(y, n, i, j, o);
			if (s->kind == CONV_FORWARD) out[iy] += (double)x->wide[ix] * k->wide[ik];
			if (s->kind == CONV_INPUT_GRADIENT) out[ix] += (double)y->wide[iy] * k->wide[ik];
			if (s->kind == CONV_WEIGHT_GRADIENT) out[ik] += (double)x->wide[ix] * y->wide[iy];
		}
	}
}

static int between(int low, int high) { return low + rand() % (high - low + 1); }

static int one(int kind, bool bf16) {
	conv_shape s = {.kind = kind, .bf16 = bf16, .n = between(1, 9), .c = between(1, 24), .o = between(1, 24), .kh = between(1, 5), .kw = between(1, 5),
		.stride_h = between(1, 3), .stride_w = between(1, 3)};
	threads = between(1, 5), refuse = between(0, 9) == 0;
	bool small = between(0, 2) == 0; // images, for the weights: then some channels are a piece, and not some images
	if (small) s.n = between(1, 3), s.c = 16 * threads * between(1, 2), s.o = 16 * threads * between(1, 2);
	s.h = between(s.kh, small ? 6 : 14), s.w = between(s.kw, small ? 6 : 14), s.pad_h = between(0, s.kh - 1), s.pad_w = between(0, s.kw - 1);
	s.oh = (s.h + 2 * s.pad_h - s.kh) / s.stride_h + 1, s.ow = (s.w + 2 * s.pad_w - s.kw) / s.stride_w + 1;
	if (!conv_supports(&s)) return 0;
	tensor x = make(s.n, s.h, s.w, s.c, bf16), k = make(s.kh, s.kw, s.c, s.o, bf16), y = make(s.n, s.oh, s.ow, s.o, bf16);
	tensor* result = kind == CONV_FORWARD ? &y : kind == CONV_INPUT_GRADIENT ? &x : &k;
	double* want = calloc(result->count, sizeof(double));
	expected(&s, &x, &k, &y, want);
	int64_t geometry[] = {kind, s.stride_h, s.stride_w, s.pad_h, s.pad_w};
	ffi_error* e = call(geometry, 5, kind == CONV_INPUT_GRADIENT ? &y : &x, kind == CONV_WEIGHT_GRADIENT ? &y : &k, result);
	int bad = 0;
	if (e != NULL) {
		printf("kind %d: %s\n", kind, e->message);
		free(e);
		bad = 1;
	}
	for (int64_t i = 0; i < result->count && !bad; i++)
		if (!(fabs(value(result, i) - want[i]) <= (bf16 ? 1e-2 : 1e-5) * (1 + fabs(want[i])))) {
			printf("kind %d, bf16 %d, %ld of %ld: %g, want %g\n", kind, bf16, (long)i, (long)result->count, value(result, i), want[i]);
			bad = 1;
		}
	free(want);
	for (int i = 0; i < 3; i++) {
		tensor* t = (tensor*[]){&x, &k, &y}[i];
		free(t->wide);
		free(t->narrow);
	}
	return bad ? -1 : 1;
}

// refused calls the handler with something wrong, which it must see before it touches memory.
static int refused(const char* what, int64_t* geometry, int64_t numbers, tensor a, tensor b, tensor result) {
	ffi_error* e = call(geometry, numbers, &a, &b, &result);
	if (e == NULL) printf("%s is not refused\n", what);
	else printf("refused: %s: %s\n", what, e->message);
	int bad = e == NULL;
	free(e);
	return bad;
}

// threads_left counts this process's threads.
static int threads_left(void) {
	int count = 0;
	DIR* tasks = opendir("/proc/self/task");
	for (struct dirent* e; tasks != NULL && (e = readdir(tasks)) != NULL;) count += e->d_name[0] != '.';
	if (tasks != NULL) closedir(tasks);
	return count;
}

int main(int argc, char** argv) {
	char message[256];
	if (argc != 3 || !conv_load(argv[1], message, sizeof message)) return printf("%s\n", message), 2;
	int done = 0, bad = 0;
	for (int i = 0; i < atoi(argv[2]); i++)
		for (int kind = 0; kind < 3; kind++) {
			int result = one(kind, i % 2);
			done += result != 0, bad += result < 0;
		}
	if (threads_left() != 1) printf("oneDNN has started %d threads of its own\n", threads_left() - 1), bad++;
	refuse = 0;
	tensor x = make(2, 5, 5, 3, false), k = make(3, 3, 3, 4, false), y = make(2, 5, 5, 4, false), t;
#define GEOMETRY (int64_t[]){0, 1, 1, 1, 1}
	t = k, t.dims[2] = 4, bad += refused("other channels", GEOMETRY, 5, x, t, y);
	t = y, t.dims[0] = 3, bad += refused("another batch", GEOMETRY, 5, x, k, t);
	t = y, t.dims[1] = 1 << 20, bad += refused("a large result", GEOMETRY, 5, x, k, t);
	t = y, t.dims[1] = -1, bad += refused("a negative size", GEOMETRY, 5, x, k, t);
	t = y, t.buffer.rank = 3, bad += refused("another rank", GEOMETRY, 5, x, k, t);
	t = y, t.buffer.type = FFI_BF16, bad += refused("another type", GEOMETRY, 5, x, k, t);
	bad += refused("a stride of 0", (int64_t[]){0, 0, 1, 1, 1}, 5, x, k, y);
	bad += refused("padding beyond the kernel", (int64_t[]){0, 1, 1, 3, 1}, 5, x, k, y);
	bad += refused("an unknown kind", (int64_t[]){7, 1, 1, 1, 1}, 5, x, k, y);
	bad += refused("four numbers", GEOMETRY, 4, x, k, y);
	tensor* all[] = {&x, &k, &y};
	for (int i = 0; i < 3; i++) free(all[i]->wide), free(all[i]->narrow);
	printf("%d convolutions, %d bad\n", done, bad);
	return bad != 0 || done == 0;
}
