// Compiling for a GPU that is not there: PJRT's compile function takes the description
// of a device in place of a client.
#ifndef SSLKIT_PLANNER_H
#define SSLKIT_PLANNER_H

#include "pjrt.h"

// plan_refusal is the error of a compilation for a device that plans: there is nothing to
// run. plan_refuses makes a copied function table know it as an error, beside the plugin's own.
extern char plan_refusal;
void plan_refuses(pjrt_api* copy, const char* message);

// plan_open loads a plugin that compiles, without a client. It returns NULL and a message
// where the plugin cannot be loaded.
const pjrt_api* plan_open(const char* path, char* message, size_t size);

// plan_target is the description of so many equal devices of one machine, from the text of a
// GpuTargetConfigProto; or NULL and a message.
void* plan_target(const pjrt_api* api, const char* config, size_t config_size, int devices, char* message, size_t size);

typedef struct {
	int64_t code, arguments, outputs, aliased, temporaries;
	int64_t host[5];
	int64_t peak;
} plan_memory;

typedef struct {
	plan_memory memory;
	char* program; // the optimized program, in the format below; the caller frees it
	size_t program_size;
	char format[32];
} plan_compiled;

// plan_compile compiles StableHLO for a target; false with a message if it does not compile.
bool plan_compile(const pjrt_api* api, void* target, const char* code, size_t code_size, const char* options, size_t options_size,
	plan_compiled* out, char* message, size_t size);

#endif
