#define _GNU_SOURCE
#include "pjrt.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 3 };

static void* (*plugin_compile[SLOTS])(void*);

// sslkitCompile is in pjrt.go.
extern void* sslkitCompile(int slot, pjrt_compile_args* args);

static void* compile_0(void* args) { return sslkitCompile(0, args); }
static void* compile_1(void* args) { return sslkitCompile(1, args); }
static void* compile_2(void* args) { return sslkitCompile(2, args); }
static void* (*const compile_slot[SLOTS])(void*) = {compile_0, compile_1, compile_2};

const pjrt_api* pjrt_load_plugin(const char* path, int function, char* message, size_t size) {
	void* library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	pjrt_api* (*get)(void) = library == NULL ? NULL : (pjrt_api * (*)(void)) dlsym(library, "GetPjrtApi");
	if (get == NULL) {
		snprintf(message, size, "%s", dlerror());
		return NULL;
	}
	const pjrt_api* table = get();
	if (table == NULL || table->struct_size <= offsetof(pjrt_api, functions) + function * sizeof(void*)) {
		snprintf(message, size, "its function table is missing or too short");
		return NULL;
	}
	return table;
}

pjrt_api* pjrt_open(const char* path, int slot, char* message, size_t size) {
	const pjrt_api* table = pjrt_load_plugin(path, EXECUTABLE_DESERIALIZE_AND_LOAD, message, size);
	if (table == NULL) return NULL;
	pjrt_api* copy = malloc(table->struct_size);
	if (copy == NULL) {
		snprintf(message, size, "out of memory");
		return NULL;
	}
	memcpy(copy, table, table->struct_size);
	plugin_compile[slot] = table->functions[CLIENT_COMPILE];
	copy->functions[CLIENT_COMPILE] = compile_slot[slot];
	return copy;
}

void* pjrt_compile(int slot, pjrt_compile_args* args) { return plugin_compile[slot](args); }

bool pjrt_succeeded(const pjrt_api* api, void* error, char* message, size_t size) {
	if (error == NULL) return true;
	struct { size_t struct_size; void* extension; void* error; const char* message; size_t size; } text = {.struct_size = sizeof text, .error = error};
	api->functions[ERROR_MESSAGE](&text);
	snprintf(message, size, "%.*s", (int)text.size, text.message);
	struct { size_t struct_size; void* extension; void* error; } destroy = {.struct_size = sizeof destroy, .error = error};
	api->functions[ERROR_DESTROY](&destroy);
	return false;
}

bool pjrt_memory_stats(pjrt_api* api, void* device, int64_t* in_use, int64_t* peak, int64_t* limit, char* message, size_t size) {
	struct {
		size_t struct_size;
		void* extension;
		void* device;
		int64_t bytes_in_use;
		struct { int64_t value; bool is_set; } others[10];
	} args = {.struct_size = sizeof args, .device = device};
	enum { PEAK = 0, LIMIT = 3 }; // of others
	if (!pjrt_succeeded(api, api->functions[DEVICE_MEMORY_STATS](&args), message, size)) return false;
	*in_use = args.bytes_in_use;
	*peak = args.others[PEAK].is_set ? args.others[PEAK].value : -1;
	*limit = args.others[LIMIT].is_set ? args.others[LIMIT].value : -1;
	return true;
}

bool pjrt_serialize(pjrt_api* api, void* loaded_executable, pjrt_serialized* out, char* message, size_t size) {
	struct { size_t struct_size; void* extension; void* loaded; void* executable; } get = {.struct_size = sizeof get, .loaded = loaded_executable};
	if (!pjrt_succeeded(api, api->functions[LOADED_EXECUTABLE_GET_EXECUTABLE](&get), message, size)) return false;
	struct {
		size_t struct_size;
		void* extension;
		void* executable;
		pjrt_serialized out;
	} args = {.struct_size = sizeof args, .executable = get.executable};
	bool ok = pjrt_succeeded(api, api->functions[EXECUTABLE_SERIALIZE](&args), message, size);
	*out = args.out;
	struct { size_t struct_size; void* extension; void* executable; } destroy = {.struct_size = sizeof destroy, .executable = get.executable};
	return pjrt_succeeded(api, api->functions[EXECUTABLE_DESTROY](&destroy), message, size) && ok;
}

void pjrt_free(pjrt_serialized* s) { s->free(s->owner); }

bool pjrt_load(pjrt_api* api, pjrt_compile_args* compile, const char* bytes, size_t bytes_size, char* message, size_t size) {
	struct {
		size_t struct_size;
		void* extension;
		void* client;
		const char* bytes;
		size_t bytes_size;
		void* executable; // out
		const char* options;
		size_t options_size;
	} args = {
		.struct_size = sizeof args,
		.client = compile->client,
		.bytes = bytes,
		.bytes_size = bytes_size,
		.options = compile->options,
		.options_size = compile->options_size,
	};
	if (!pjrt_succeeded(api, api->functions[EXECUTABLE_DESERIALIZE_AND_LOAD](&args), message, size)) return false;
	compile->executable = args.executable;
	return true;
}
