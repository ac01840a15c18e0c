// The parts of OpenXLA's pjrt_c_api.h that are needed here. That header promises
// that the order of the function table and of a struct's fields never changes.
#ifndef SSLKIT_PJRT_H
#define SSLKIT_PJRT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
	size_t struct_size;
	void* extension;
	struct { size_t struct_size; void* extension; int major, minor; } version;
	void* (*functions[])(void* args); // each returns an error, or NULL
} pjrt_api;

// Places in the function table.
enum {
	ERROR_DESTROY = 0,
	ERROR_MESSAGE = 1,
	ERROR_GET_CODE = 2,
	PLUGIN_INITIALIZE = 3,
	CLIENT_COMPILE = 20,
	DEVICE_MEMORY_STATS = 34,
	EXECUTABLE_DESTROY = 40,
	EXECUTABLE_OPTIMIZED_PROGRAM = 48,
	EXECUTABLE_SERIALIZE = 49,
	LOADED_EXECUTABLE_GET_EXECUTABLE = 51,
	EXECUTABLE_DESERIALIZE_AND_LOAD = 56,
	TOPOLOGY_CREATE = 82,
	COMPILE = 89,
	EXECUTABLE_COMPILED_MEMORY_STATS = 96,
};

typedef struct {
	size_t struct_size;
	void* extension;
	const char* code;
	size_t code_size;
	const char* format;
	size_t format_size;
} pjrt_program;

typedef struct {
	size_t struct_size;
	void* extension;
	void* client;
	const pjrt_program* program;
	const char* options;
	size_t options_size;
	void* executable; // out
} pjrt_compile_args;

typedef struct {
	const char* bytes;
	size_t size;
	void* owner;
	void (*free)(void* owner);
} pjrt_serialized;

// pjrt_load_plugin loads a plugin and returns its function table, which must have the
// function; or NULL and a message.
const pjrt_api* pjrt_load_plugin(const char* path, int function, char* message, size_t size);

// pjrt_succeeded is false if there is an error: it copies the error's message, and frees it.
bool pjrt_succeeded(const pjrt_api* api, void* error, char* message, size_t size);

// pjrt_open loads a plugin and returns a copy of its function table. The copy's compile
// function is the slot's, which calls sslkitCompile in Go. It returns NULL and a message
// where the plugin cannot be loaded.
pjrt_api* pjrt_open(const char* path, int slot, char* message, size_t size);

// pjrt_compile is the plugin's own compile function.
void* pjrt_compile(int slot, pjrt_compile_args* args);

// Each of these is true, or false with a message.
bool pjrt_memory_stats(pjrt_api* api, void* device, int64_t* in_use, int64_t* peak, int64_t* limit, char* message, size_t size);
bool pjrt_serialize(pjrt_api* api, void* loaded_executable, pjrt_serialized* out, char* message, size_t size);
bool pjrt_load(pjrt_api* api, pjrt_compile_args* args, const char* bytes, size_t bytes_size, char* message, size_t size);
void pjrt_free(pjrt_serialized* s);

#endif
