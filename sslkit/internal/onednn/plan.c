#define _GNU_SOURCE
#include "plan.h"
#include "dnnl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DNNL_DEFINE(result, name, parameters) static result (*dnnl_##name) parameters;
DNNL_FUNCTIONS(DNNL_DEFINE)

static dnnl_engine engine;
static dnnl_stream stream; // a stream of the CPU holds no state: all threads share it
static void (*set_threads)(int);

bool conv_load(const char* path, char* message, size_t size) {
	void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL) {
		snprintf(message, size, "%s", dlerror());
		return false;
	}
#define DNNL_LOAD(result, name, parameters) \
	if ((*(void**)&dnnl_##name = dlsym(library, "dnnl_" #name)) == NULL) { \
		snprintf(message, size, "it has no function dnnl_%s", #name); \
		return false; \
	}
	DNNL_FUNCTIONS(DNNL_LOAD)
	// This is libgomp's, which the library needs. XLA's threads share the work, so each of them has oneDNN to itself.
	*(void**)&set_threads = dlsym(library, "omp_set_num_threads");
	const dnnl_version_info* v = dnnl_version();
	if (v->major != 3 || set_threads == NULL) {
		snprintf(message, size, "it is oneDNN %d.%d.%d, %s OpenMP, want 3.x, with OpenMP", v->major, v->minor, v->patch, set_threads ? "with" : "without");
		return false;
	}
	if (dnnl_engine_create(&engine, DNNL_CPU, 0) != DNNL_SUCCESS || dnnl_stream_create(&stream, engine, DNNL_DEFAULT_FLAGS) != DNNL_SUCCESS) {
		snprintf(message, size, "it cannot use this CPU");
		return false;
	}
	return true;
}

void conv_version(int* major, int* minor, int* patch) {
	const dnnl_version_info* v = dnnl_version();
	*major = v->major, *minor = v->minor, *patch = v->patch;
}

const char* conv_check(const conv_shape* s) {
	const int64_t sizes[] = {s->n, s->h, s->w, s->c, s->oh, s->ow, s->o, s->kh, s->kw, s->stride_h, s->stride_w};
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		if (sizes[i] < 1 || sizes[i] > 1 << 24) return "a size or stride is not positive, or too large";
	if (s->kind < CONV_FORWARD || s->kind > CONV_WEIGHT_GRADIENT) return "there is no such kind of convolution";
	if (s->pad_h < 0 || s->pad_h >= s->kh || s->pad_w < 0 || s->pad_w >= s->kw) return "the padding is not within the kernel";
	// The last windows must touch the image.
	if ((s->oh - 1) * s->stride_h - s->pad_h >= s->h || (s->ow - 1) * s->stride_w - s->pad_w >= s->w) return "the result is too large for the image";
	return NULL;
}

// Where a primitive has the three tensors, by the kind of convolution.
static const struct { int query, arg; } tensors[3][3] = {
	[CONV_FORWARD] = {{DNNL_QUERY_SRC, DNNL_ARG_SRC}, {DNNL_QUERY_WEIGHTS, DNNL_ARG_WEIGHTS}, {DNNL_QUERY_DST, DNNL_ARG_DST}},
	[CONV_INPUT_GRADIENT] = {{DNNL_QUERY_DIFF_SRC, DNNL_ARG_DIFF_SRC}, {DNNL_QUERY_WEIGHTS, DNNL_ARG_WEIGHTS}, {DNNL_QUERY_DIFF_DST, DNNL_ARG_DIFF_DST}},
	[CONV_WEIGHT_GRADIENT] = {{DNNL_QUERY_SRC, DNNL_ARG_SRC}, {DNNL_QUERY_DIFF_WEIGHTS, DNNL_ARG_DIFF_WEIGHTS}, {DNNL_QUERY_DIFF_DST, DNNL_ARG_DIFF_DST}},
};

// A description is what oneDNN is asked for: NULL pd if it has nothing.
typedef struct {
	dnnl_pd pd, forward;
	dnnl_md plain; // of the weights, row-major
} description;

static void forget(description* d) {
	if (d->pd != NULL && d->pd != d->forward) dnnl_primitive_desc_destroy(d->pd);
	if (d->forward != NULL) dnnl_primitive_desc_destroy(d->forward);
	if (d->plain != NULL) dnnl_memory_desc_destroy(d->plain);
}

// find_jit goes on to the first implementation of a description that is not built on products of small matrices, and reports
// whether there is one.
static bool find_jit(dnnl_pd pd) {
	const char* name = NULL;
	do {
		if (dnnl_primitive_desc_query(pd, DNNL_QUERY_IMPLEMENTATION, 0, &name) == DNNL_SUCCESS && strncmp(name, "jit", 3) == 0) return true;
	} while (dnnl_primitive_desc_next_impl(pd) == DNNL_SUCCESS);
	return false;
}

static description describe_any(const piece* of) {
	set_threads(1); // a primitive keeps to the number that the thread had that made it
	const conv_shape* s = &of->conv;
	description d = {0};
	bool gradient = s->kind == CONV_WEIGHT_GRADIENT;
	int type = s->bf16 ? DNNL_BF16 : DNNL_F32, weights_type = gradient ? DNNL_F32 : type;
	const dnnl_dims x = {s->n, s->c, s->h, s->w}, k = {s->o, s->c, s->kh, s->kw}, y = {s->n, s->o, s->oh, s->ow};
	const dnnl_dims stride = {s->stride_h, s->stride_w}, dilate = {0, 0}, low = {s->pad_h, s->pad_w};
	const dnnl_dims high = {(s->oh - 1) * s->stride_h + s->kh - s->h - s->pad_h, (s->ow - 1) * s->stride_w + s->kw - s->w - s->pad_w};
	int64_t c = s->c, o = s->o; // of the whole
	if (of->of > 0) *(s->kind == CONV_INPUT_GRADIENT ? &c : &o) = of->of;
	const dnnl_dims plain = {1, o, s->kw * c * o, c * o};
	dnnl_md xd = NULL, kd = NULL, hint = NULL, yd = NULL;
	dnnl_attr attr = NULL;
	bool ok = dnnl_memory_desc_create_with_tag(&xd, 4, x, type, DNNL_NHWC) == DNNL_SUCCESS &&
		dnnl_memory_desc_create_with_tag(&kd, 4, k, weights_type, DNNL_ANY) == DNNL_SUCCESS &&
		dnnl_memory_desc_create_with_tag(&hint, 4, k, type, DNNL_ANY) == DNNL_SUCCESS &&
		dnnl_memory_desc_create_with_tag(&yd, 4, y, type, DNNL_NHWC) == DNNL_SUCCESS &&
		dnnl_memory_desc_create_with_strides(&d.plain, 4, k, of->partial ? DNNL_F32 : type, plain) == DNNL_SUCCESS &&
		dnnl_primitive_attr_create(&attr) == DNNL_SUCCESS && dnnl_primitive_attr_set_scratchpad_mode(attr, DNNL_SCRATCHPAD_USER) == DNNL_SUCCESS &&
		dnnl_convolution_forward_primitive_desc_create(&d.forward, engine, DNNL_FORWARD_TRAINING, DNNL_CONVOLUTION_DIRECT, xd, hint, NULL, yd, stride, dilate, low, high, attr) == DNNL_SUCCESS;
	if (ok && s->kind == CONV_INPUT_GRADIENT)
		dnnl_convolution_backward_data_primitive_desc_create(&d.pd, engine, DNNL_CONVOLUTION_DIRECT, xd, kd, yd, stride, dilate, low, high, d.forward, attr);
	if (ok && gradient)
		dnnl_convolution_backward_weights_primitive_desc_create(&d.pd, engine, DNNL_CONVOLUTION_DIRECT, xd, kd, NULL, yd, stride, dilate, low, high, d.forward, attr);
	if (ok && s->kind == CONV_FORWARD) d.pd = d.forward;
	dnnl_md mds[] = {xd, kd, hint, yd};
	for (int i = 0; i < 4; i++)
		if (mds[i] != NULL) dnnl_memory_desc_destroy(mds[i]);
	if (attr != NULL) dnnl_primitive_attr_destroy(attr);
	return d;
}

// describe looks for what is fastest: with strides, oneDNN's first choice takes up to twice the time of its second.
static description describe(const piece* of) {
	description d = describe_any(of);
	if (d.pd == NULL || (of->conv.stride_h == 1 && of->conv.stride_w == 1) || find_jit(d.pd)) return d;
	forget(&d);
	return describe_any(of);
}

bool conv_supports(const conv_shape* s) {
	if (conv_check(s) != NULL) return false;
	description d = describe(&(piece){.conv = *s});
	const char* implementation = NULL;
	bool ok = d.pd != NULL && dnnl_primitive_desc_query(d.pd, DNNL_QUERY_IMPLEMENTATION, 0, &implementation) == DNNL_SUCCESS &&
		strncmp(implementation, "ref", 3) != 0 && strncmp(implementation, "gemm:ref", 8) != 0;
	forget(&d);
	return ok;
}

struct plan {
	piece shape;
	description d;                   // lives as long as the plan: md are its
	dnnl_primitive conv, reorder;    // reorder: of the weights; NULL if row-major ones do
	dnnl_const_md md[3], scratch_md; // of the three tensors as the primitive wants them, and of its working memory
	size_t scratch, weights, some;   // bytes of working memory, of the weights as the primitive wants them, and of some channels
	plan* next;
};

static plan* make(const piece* shape) {
	const conv_shape* s = &shape->conv;
	plan* p = calloc(1, sizeof *p);
	if (p == NULL) return NULL;
	p->shape = *shape;
	p->d = describe(shape);
	if (p->d.pd == NULL || dnnl_primitive_create(&p->conv, p->d.pd) != DNNL_SUCCESS) goto fail;
	for (int i = 0; i < 3; i++) p->md[i] = dnnl_primitive_desc_query_md(p->d.pd, tensors[s->kind][i].query, 0);
	p->scratch_md = dnnl_primitive_desc_query_md(p->d.pd, DNNL_QUERY_SCRATCHPAD, 0);
	p->scratch = dnnl_memory_desc_get_size(p->scratch_md);
	if (!dnnl_memory_desc_equal(p->md[1], p->d.plain)) {
		bool out = s->kind == CONV_WEIGHT_GRADIENT;
		dnnl_pd pd = NULL;
		dnnl_reorder_primitive_desc_create(&pd, out ? p->md[1] : p->d.plain, engine, out ? p->d.plain : p->md[1], engine, NULL);
		if (pd == NULL) goto fail;
		dnnl_status status = dnnl_primitive_create(&p->reorder, pd);
		dnnl_primitive_desc_destroy(pd);
		if (status != DNNL_SUCCESS) goto fail;
		p->weights = dnnl_memory_desc_get_size(p->md[1]);
	}
	if (shape->of > 0) p->some = dnnl_memory_desc_get_size(p->md[s->kind == CONV_INPUT_GRADIENT ? 0 : 2]);
	return p;
fail:
	if (p->conv != NULL) dnnl_primitive_destroy(p->conv);
	forget(&p->d);
	free(p);
	return NULL;
}

// Plans are found by a hash of their shape. A list only grows at its head, so readers need no lock.
enum { LISTS = 256 };
static _Atomic(plan*) plans[LISTS];
static pthread_mutex_t plans_mu = PTHREAD_MUTEX_INITIALIZER;

static plan* find(_Atomic(plan*)* list, const piece* s) {
	for (plan* p = atomic_load_explicit(list, memory_order_acquire); p != NULL; p = p->next)
		if (memcmp(&p->shape, s, sizeof *s) == 0) return p;
	return NULL;
}

const plan* plan_of(const piece* s) {
	uint64_t hash = 0;
	for (size_t i = 0; i < sizeof *s / sizeof(int64_t); i++) hash = (hash ^ (uint64_t)((const int64_t*)s)[i]) * 0x9e3779b97f4a7c15;
	_Atomic(plan*)* list = &plans[hash >> 56];
	plan* p = find(list, s);
	if (p != NULL) return p;
	pthread_mutex_lock(&plans_mu);
	p = find(list, s);
	if (p == NULL && (p = make(s)) != NULL) {
		p->next = atomic_load(list);
		atomic_store_explicit(list, p, memory_order_release);
	}
	pthread_mutex_unlock(&plans_mu);
	return p;
}

static bool run(dnnl_primitive primitive, int count, const int* args, const dnnl_const_md* mds, void* const* data) {
	dnnl_exec_arg of[4] = {0};
	bool ok = true;
	for (int i = 0; i < count; i++) {
		of[i].arg = args[i];
		ok = ok && dnnl_memory_create(&of[i].memory, mds[i], engine, data[i]) == DNNL_SUCCESS;
	}
	ok = ok && dnnl_primitive_execute(primitive, stream, count, of) == DNNL_SUCCESS;
	for (int i = 0; i < count; i++)
		if (of[i].memory != NULL) dnnl_memory_destroy(of[i].memory);
	return ok;
}

static size_t aligned(size_t size) { return (size + 63) & ~(size_t)63; }

// A thread's working memory is as much as its convolutions ever needed. It is found by a key, because Go's linker does not
// know the relocations of _Thread_local.
typedef struct { size_t size; char* data; } memory;

static pthread_key_t memory_key;
static pthread_once_t memory_once = PTHREAD_ONCE_INIT;

static void free_memory(void* of) {
	free(((memory*)of)->data);
	free(of);
}

static void make_memory_key(void) {
	if (pthread_key_create(&memory_key, free_memory) != 0) abort(); // there are hundreds of keys, and a process uses a few
}

static char* working_memory(size_t size) {
	pthread_once(&memory_once, make_memory_key);
	memory* m = pthread_getspecific(memory_key);
	if (m == NULL) {
		if ((m = calloc(1, sizeof *m)) == NULL) return NULL;
		if (pthread_setspecific(memory_key, m) != 0) {
			free(m);
			return NULL;
		}
	}
	if (size > m->size) {
		free(m->data);
		m->data = aligned_alloc(64, aligned(size));
		m->size = m->data == NULL ? 0 : size;
	}
	return m->data;
}

// copy_channels copies some channels of a tensor to memory of their own, or back.
static void copy_channels(const plan* p, char* whole, char* some, bool back) {
	const conv_shape* s = &p->shape.conv;
	bool x = s->kind == CONV_INPUT_GRADIENT;
	int64_t pixels = x ? s->n * s->h * s->w : s->n * s->oh * s->ow;
	size_t item = s->bf16 ? 2 : 4, bytes = (x ? s->c : s->o) * item, step = p->shape.of * item;
	for (int64_t i = 0; i < pixels; i++, whole += step, some += bytes) memcpy(back ? whole : some, back ? some : whole, bytes);
}

bool plan_run(const plan* p, void* x, void* weights, void* y) {
	static const int reorder_args[] = {DNNL_ARG_SRC, DNNL_ARG_DST};
	set_threads(1);
	char* memory = working_memory(aligned(p->scratch) + aligned(p->weights) + p->some);
	if (memory == NULL && p->scratch + p->weights + p->some > 0) return false;
	void* own = p->reorder != NULL ? memory + aligned(p->scratch) : weights;
	void* data[] = {x, own, y, memory};
	int kind = p->shape.conv.kind, cut = kind == CONV_INPUT_GRADIENT ? 0 : 2;
	bool gradient = kind == CONV_WEIGHT_GRADIENT;
	char *whole = data[cut], *some = memory + aligned(p->scratch) + aligned(p->weights);
	if (p->some > 0) data[cut] = some;
	if (p->some > 0 && gradient) copy_channels(p, whole, some, false);
	if (p->reorder != NULL && !gradient && !run(p->reorder, 2, reorder_args, (dnnl_const_md[]){p->d.plain, p->md[1]}, (void*[]){weights, own})) return false;
	const int args[] = {tensors[kind][0].arg, tensors[kind][1].arg, tensors[kind][2].arg, DNNL_ARG_SCRATCHPAD};
	if (!run(p->conv, p->scratch > 0 ? 4 : 3, args, (dnnl_const_md[]){p->md[0], p->md[1], p->md[2], p->scratch_md}, data)) return false;
	if (p->some > 0 && !gradient) copy_channels(p, whole, some, true);
	return p->reorder == NULL || !gradient || run(p->reorder, 2, reorder_args, (dnnl_const_md[]){p->md[1], p->d.plain}, (void*[]){own, weights});
}
