#include "planner.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char plan_refusal;
static const char* refusal_message;
static void *(*plugin_destroy)(void*), *(*plugin_message)(void*), *(*plugin_code)(void*);

// What the plugin's functions for errors do, for errors of either kind.

static void* error_destroy(void* args) {
	struct { size_t struct_size; void* extension; void* error; }* a = args;
	return a->error == &plan_refusal ? NULL : plugin_destroy(args);
}

static void* error_message(void* args) {
	struct { size_t struct_size; void* extension; void* error; const char* message; size_t size; }* a = args;
	if (a->error != &plan_refusal) return plugin_message(args);
	a->message = refusal_message;
	a->size = strlen(refusal_message);
	return NULL;
}

static void* error_code(void* args) {
	struct { size_t struct_size; void* extension; void* error; int code; }* a = args;
	if (a->error != &plan_refusal) return plugin_code(args);
	a->code = 12; // unimplemented
	return NULL;
}

void plan_refuses(pjrt_api* copy, const char* message) {
	refusal_message = message;
	plugin_destroy = copy->functions[ERROR_DESTROY];
	plugin_message = copy->functions[ERROR_MESSAGE];
	plugin_code = copy->functions[ERROR_GET_CODE];
	copy->functions[ERROR_DESTROY] = error_destroy;
	copy->functions[ERROR_MESSAGE] = error_message;
	copy->functions[ERROR_GET_CODE] = error_code;
}

const pjrt_api* plan_open(const char* path, char* message, size_t size) {
	const pjrt_api* api = pjrt_load_plugin(path, EXECUTABLE_COMPILED_MEMORY_STATS, message, size);
	if (api == NULL) return NULL;
	struct { size_t struct_size; void* extension; } args = {.struct_size = sizeof args};
	return pjrt_succeeded(api, api->functions[PLUGIN_INITIALIZE](&args), message, size) ? api : NULL;
}

void* plan_target(const pjrt_api* api, const char* config, size_t config_size, int devices, char* message, size_t size) {
	enum { STRING = 0 };
	typedef struct {
		size_t struct_size;
		void* extension;
		const char* name;
		size_t name_size;
		int type;
		const char* value;
		size_t value_size;
	} option;
	static const char topology[] = "topology", target_config[] = "target_config";
	char shape[32];
	int shape_size = snprintf(shape, sizeof shape, "1x1x%d", devices); // slices × hosts × devices
	option options[] = {
		{sizeof(option), NULL, topology, sizeof topology - 1, STRING, shape, shape_size},
		{sizeof(option), NULL, target_config, sizeof target_config - 1, STRING, config, config_size},
	};
	struct {
		size_t struct_size;
		void* extension;
		const char* name;
		size_t name_size;
		const option* options;
		size_t options_count;
		void* topology; // out
	} args = {.struct_size = sizeof args, .name = "", .options = options, .options_count = 2};
	return pjrt_succeeded(api, api->functions[TOPOLOGY_CREATE](&args), message, size) ? args.topology : NULL;
}

static bool read_program(const pjrt_api* api, void* executable, plan_compiled* out, char* message, size_t size) {
	pjrt_program program = {.struct_size = sizeof program};
	struct { size_t struct_size; void* extension; void* executable; pjrt_program* program; } args =
		{.struct_size = sizeof args, .executable = executable, .program = &program};
	// The first call tells the size, the second one fills.
	if (!pjrt_succeeded(api, api->functions[EXECUTABLE_OPTIMIZED_PROGRAM](&args), message, size)) return false;
	program.code = out->program = malloc(program.code_size + 1);
	if (program.code == NULL) {
		snprintf(message, size, "out of memory");
		return false;
	}
	if (!pjrt_succeeded(api, api->functions[EXECUTABLE_OPTIMIZED_PROGRAM](&args), message, size)) return false;
	out->program_size = program.code_size;
	snprintf(out->format, sizeof out->format, "%.*s", (int)program.format_size, program.format);
	return true;
}

bool plan_compile(const pjrt_api* api, void* target, const char* code, size_t code_size, const char* options, size_t options_size,
	plan_compiled* out, char* message, size_t size) {
	static const char mlir[] = "mlir";
	pjrt_program program = {.struct_size = sizeof program, .code = code, .code_size = code_size, .format = mlir, .format_size = sizeof mlir - 1};
	struct {
		size_t struct_size;
		void* extension;
		void* topology;
		const pjrt_program* program;
		const char* options;
		size_t options_size;
		void* client;
		void* executable; // out
	} compile = {.struct_size = sizeof compile, .topology = target, .program = &program, .options = options, .options_size = options_size};
	if (!pjrt_succeeded(api, api->functions[COMPILE](&compile), message, size)) return false;

	struct { size_t struct_size; void* extension; void* executable; plan_memory memory; int64_t later[4]; } stats =
		{.struct_size = sizeof stats, .executable = compile.executable};
	bool ok = pjrt_succeeded(api, api->functions[EXECUTABLE_COMPILED_MEMORY_STATS](&stats), message, size) &&
		read_program(api, compile.executable, out, message, size);
	out->memory = stats.memory;
	struct { size_t struct_size; void* extension; void* executable; } destroy = {.struct_size = sizeof destroy, .executable = compile.executable};
	void* error = api->functions[EXECUTABLE_DESTROY](&destroy);
	return ok && pjrt_succeeded(api, error, message, size);
}
