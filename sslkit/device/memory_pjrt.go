package device

/*
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// The parts of OpenXLA's pjrt_c_api.h that are needed here. The header promises
// that the order of the function table and of these fields never changes.

typedef struct { size_t struct_size; void* extension; void* error; const char* message; size_t message_size; } error_message_args;
typedef struct { size_t struct_size; void* extension; void* error; } error_destroy_args;

typedef struct {
	size_t struct_size;
	void* extension;
	void* device;
	int64_t bytes_in_use;
	int64_t peak_bytes_in_use;
	bool peak_bytes_in_use_is_set;
	struct { int64_t value; bool is_set; } others[9]; // the third is the limit; the rest is of no interest
} memory_stats_args;

typedef struct {
	size_t struct_size;
	void* extension;
	struct { size_t struct_size; void* extension; int major, minor; } version;
	void* (*functions[35])(void* args);
} pjrt_api;

enum { ERROR_DESTROY = 0, ERROR_MESSAGE = 1, DEVICE_MEMORY_STATS = 34 };
enum { LIMIT = 2 }; // of others

// memory_stats fills in_use, peak and limit, or copies the plugin's message.
static bool memory_stats(void* api_, void* device, int64_t* in_use, int64_t* peak, int64_t* limit, char* message, size_t size) {
	pjrt_api* api = api_;
	memory_stats_args args = {.struct_size = sizeof args, .device = device};
	void* error = api->functions[DEVICE_MEMORY_STATS](&args);
	if (error == NULL) {
		*in_use = args.bytes_in_use;
		*peak = args.peak_bytes_in_use_is_set ? args.peak_bytes_in_use : -1;
		*limit = args.others[LIMIT].is_set ? args.others[LIMIT].value : -1;
		return true;
	}
	error_message_args text = {.struct_size = sizeof text, .error = error};
	api->functions[ERROR_MESSAGE](&text);
	size_t n = text.message_size < size - 1 ? text.message_size : size - 1;
	memcpy(message, text.message, n);
	message[n] = 0;
	error_destroy_args destroy = {.struct_size = sizeof destroy, .error = error};
	api->functions[ERROR_DESTROY](&destroy);
	return false;
}
*/
import "C"

import (
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	"github.com/gomlx/go-xla/pkg/pjrt"
	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/pkg/core/tensors"
)

// pjrtStats asks a PJRT plugin for its memory, a call that go-xla does not
// wrap: the plugin's function table and the device's handle are read from
// go-xla's private fields (checked when the device is opened).
type pjrtStats struct {
	client      *pjrt.Client
	api, device unsafe.Pointer
}

func newDeviceStats(backend backends.Backend) (*pjrtStats, error) {
	probe := tensors.FromScalar(int32(0))
	defer probe.FinalizeAll()
	buffer, err := probe.Buffer(backend, 0)
	if err != nil {
		return nil, err
	}
	pjrtBuffer, ok := buffer.(*pjrt.Buffer)
	if !ok {
		return nil, fmt.Errorf("backend %s holds its tensors in a %T, not in a PJRT buffer", backend.Name(), buffer)
	}
	client := pjrtBuffer.Client()
	s := &pjrtStats{client: client}
	if s.api, err = pointerField(client.Plugin(), "api"); err != nil {
		return nil, err
	}
	if s.device, err = pointerField(client.AddressableDevices()[0], "cDevice"); err != nil {
		return nil, err
	}
	return s, nil
}

// pointerField reads a private pointer field of the struct that v points to.
func pointerField(v any, name string) (unsafe.Pointer, error) {
	field := reflect.ValueOf(v).Elem().FieldByName(name)
	if !field.IsValid() || field.Kind() != reflect.Pointer {
		return nil, fmt.Errorf("%T has no pointer %q: this go-xla is not the one that go.mod pins", v, name)
	}
	return field.UnsafePointer(), nil
}

func (s *pjrtStats) memory() (inUse, peak, limit int64, err error) {
	var cInUse, cPeak, cLimit C.int64_t
	message := make([]byte, 512)
	ok := C.memory_stats(s.api, s.device, &cInUse, &cPeak, &cLimit, (*C.char)(unsafe.Pointer(&message[0])), C.size_t(len(message)))
	if !bool(ok) {
		return 0, 0, 0, errors.New(C.GoString((*C.char)(unsafe.Pointer(&message[0]))))
	}
	if cPeak < 0 {
		return 0, 0, 0, errors.New("the plugin counts memory in use, but not its peak")
	}
	return int64(cInUse), int64(cPeak), int64(cLimit), nil
}
