// The parts of oneDNN 3's C interface (oneapi/dnnl/dnnl.h) that are needed here. The library is loaded at run time.
#ifndef SSLKIT_DNNL_H
#define SSLKIT_DNNL_H

#include <stddef.h>
#include <stdint.h>

enum {
	DNNL_SUCCESS = 0,
	DNNL_CPU = 1,                // engine kind
	DNNL_DEFAULT_FLAGS = 1,      // of a stream
	DNNL_BF16 = 2, DNNL_F32 = 3, // data types
	DNNL_ANY = 1, DNNL_NHWC = 22, // format tags
	DNNL_FORWARD_TRAINING = 64,  // kind of propagation
	DNNL_CONVOLUTION_DIRECT = 1, // algorithm
	DNNL_SCRATCHPAD_USER = 1,    // the caller brings working memory
	DNNL_MAX_NDIMS = 12,
};

// What to ask a primitive descriptor for.
enum {
	DNNL_QUERY_IMPLEMENTATION = 8, // const char**
	DNNL_QUERY_SRC = 129, DNNL_QUERY_DIFF_SRC, DNNL_QUERY_WEIGHTS, DNNL_QUERY_DIFF_WEIGHTS, DNNL_QUERY_DST, DNNL_QUERY_DIFF_DST,
	DNNL_QUERY_SCRATCHPAD = 136,
};

// Arguments of primitives.
enum {
	DNNL_ARG_SRC = 1, DNNL_ARG_DST = 17, DNNL_ARG_WEIGHTS = 33, DNNL_ARG_SCRATCHPAD = 80,
	DNNL_ARG_DIFF_SRC = 129, DNNL_ARG_DIFF_DST = 145, DNNL_ARG_DIFF_WEIGHTS = 161,
};

typedef int dnnl_status;
typedef int64_t dnnl_dims[DNNL_MAX_NDIMS];
typedef struct dnnl_memory_desc* dnnl_md;
typedef const struct dnnl_memory_desc* dnnl_const_md;
typedef struct dnnl_engine* dnnl_engine;
typedef struct dnnl_stream* dnnl_stream;
typedef struct dnnl_memory* dnnl_memory;
typedef struct dnnl_attr* dnnl_attr;
typedef struct dnnl_primitive_desc* dnnl_pd;
typedef struct dnnl_primitive* dnnl_primitive;
typedef struct { int arg; dnnl_memory memory; } dnnl_exec_arg;
typedef struct { int major, minor, patch; const char* hash; unsigned cpu_runtime, gpu_runtime; } dnnl_version_info;

// A function of the library: result, name without dnnl_, parameters. All are loaded by name.
#define DNNL_FUNCTIONS(F) \
	F(const dnnl_version_info*, version, (void)) \
	F(dnnl_status, engine_create, (dnnl_engine*, int kind, size_t index)) \
	F(dnnl_status, stream_create, (dnnl_stream*, dnnl_engine, unsigned flags)) \
	F(dnnl_status, memory_desc_create_with_tag, (dnnl_md*, int dims, const dnnl_dims, int type, int tag)) \
	F(dnnl_status, memory_desc_create_with_strides, (dnnl_md*, int dims, const dnnl_dims, int type, const dnnl_dims strides)) \
	F(dnnl_status, memory_desc_destroy, (dnnl_md)) \
	F(int, memory_desc_equal, (dnnl_const_md, dnnl_const_md)) \
	F(size_t, memory_desc_get_size, (dnnl_const_md)) \
	F(dnnl_status, memory_create, (dnnl_memory*, dnnl_const_md, dnnl_engine, void* data)) \
	F(dnnl_status, memory_destroy, (dnnl_memory)) \
	F(dnnl_status, primitive_attr_create, (dnnl_attr*)) \
	F(dnnl_status, primitive_attr_set_scratchpad_mode, (dnnl_attr, int mode)) \
	F(dnnl_status, primitive_attr_destroy, (dnnl_attr)) \
	F(dnnl_status, convolution_forward_primitive_desc_create, (dnnl_pd*, dnnl_engine, int propagation, int algorithm, dnnl_const_md src, \
		dnnl_const_md weights, dnnl_const_md bias, dnnl_const_md dst, const dnnl_dims strides, const dnnl_dims dilates, \
		const dnnl_dims low, const dnnl_dims high, dnnl_attr)) \
	F(dnnl_status, convolution_backward_data_primitive_desc_create, (dnnl_pd*, dnnl_engine, int algorithm, dnnl_const_md diff_src, \
		dnnl_const_md weights, dnnl_const_md diff_dst, const dnnl_dims strides, const dnnl_dims dilates, const dnnl_dims low, \
		const dnnl_dims high, dnnl_pd forward, dnnl_attr)) \
	F(dnnl_status, convolution_backward_weights_primitive_desc_create, (dnnl_pd*, dnnl_engine, int algorithm, dnnl_const_md src, \
		dnnl_const_md diff_weights, dnnl_const_md diff_bias, dnnl_const_md diff_dst, const dnnl_dims strides, const dnnl_dims dilates, \
		const dnnl_dims low, const dnnl_dims high, dnnl_pd forward, dnnl_attr)) \
	F(dnnl_status, reorder_primitive_desc_create, (dnnl_pd*, dnnl_const_md from, dnnl_engine, dnnl_const_md to, dnnl_engine, dnnl_attr)) \
	F(dnnl_status, primitive_desc_query, (dnnl_pd, int what, int index, void* result)) \
	F(dnnl_const_md, primitive_desc_query_md, (dnnl_pd, int what, int index)) \
	F(dnnl_status, primitive_desc_next_impl, (dnnl_pd)) \
	F(dnnl_status, primitive_desc_destroy, (dnnl_pd)) \
	F(dnnl_status, primitive_create, (dnnl_primitive*, dnnl_pd)) \
	F(dnnl_status, primitive_destroy, (dnnl_primitive)) \
	F(dnnl_status, primitive_execute, (dnnl_primitive, dnnl_stream, int count, const dnnl_exec_arg*))

#endif
