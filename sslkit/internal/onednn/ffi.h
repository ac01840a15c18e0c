// The parts of XLA's interface for custom calls (xla/ffi/api/c_api.h, version 0.3) that are needed here. That header
// promises that the order of fields and of the function table does not change within a major version.
#ifndef SSLKIT_FFI_H
#define SSLKIT_FFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FFI_MAJOR = 0, FFI_MINOR = 3 };
enum { FFI_METADATA = 1 };            // kind of extension
enum { FFI_EXECUTE = 3 };             // stage
enum { FFI_BUFFER = 1 };              // kind of argument and result
enum { FFI_ARRAY = 1 };               // kind of attribute
enum { FFI_S64 = 5, FFI_F32 = 11, FFI_BF16 = 16 }; // data types
enum { FFI_INVALID_ARGUMENT = 3, FFI_INTERNAL = 13 }; // codes of errors

typedef struct ffi_extension {
	size_t struct_size;
	int type;
	struct ffi_extension* next;
} ffi_extension;

typedef struct { size_t struct_size; ffi_extension* extension; int major, minor; } ffi_version;
typedef struct { size_t struct_size; ffi_version version; uint32_t traits; int64_t state_type; } ffi_metadata;
typedef struct { ffi_extension base; ffi_metadata* metadata; } ffi_metadata_extension;

typedef struct { size_t struct_size; ffi_extension* extension; int type; void* data; int64_t rank; int64_t* dims; } ffi_buffer;
typedef struct { const char* text; size_t size; } ffi_span;
typedef struct { int type; size_t size; void* data; } ffi_array;
typedef struct { size_t struct_size; ffi_extension* extension; int64_t size; int* types; void** of; } ffi_list; // arguments, results
typedef struct { size_t struct_size; ffi_extension* extension; int64_t size; int* types; ffi_span** names; void** of; } ffi_attrs;

typedef struct ffi_error ffi_error;
typedef struct { size_t struct_size; ffi_extension* extension; const char* message; int code; } ffi_error_create_args;
typedef struct { size_t struct_size; ffi_extension* extension; ffi_error* error; } ffi_error_destroy_args;
typedef struct { size_t struct_size; ffi_extension* extension; void* context; void (*task)(void*); void* data; } ffi_schedule_args;
typedef struct { size_t struct_size; ffi_extension* extension; void* context; int64_t* threads; } ffi_threads_args;

typedef struct {
	size_t struct_size;
	ffi_extension* extension;
	ffi_version version;
	const void* internal;
	ffi_error* (*error_create)(ffi_error_create_args*);
	void (*error_get_message)(void*);
	void (*error_destroy)(ffi_error_destroy_args*);
	void* others[8];
	ffi_error* (*schedule)(ffi_schedule_args*);
	ffi_error* (*threads)(ffi_threads_args*);
} ffi_api;

typedef struct {
	size_t struct_size;
	ffi_extension* extension;
	const ffi_api* api;
	void* context;
	int stage;
	ffi_list args, results;
	ffi_attrs attrs;
} ffi_call;

#endif
