package device

// #include "pjrt.h"
// #include <stdlib.h>
// #cgo LDFLAGS: -ldl
import "C"

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/gomlx/go-xla/pkg/pjrt"
	"github.com/gossl/gossl/sslkit/internal/onednn"
)

// plugin is a PJRT plugin, loaded so that what it compiles goes through
// [plugin.compile]. go-xla gets a copy of the plugin's function table with that
// one function exchanged.
type plugin struct {
	slot  C.int
	api   *C.pjrt_api
	cache *programCache // nil keeps nothing
	name  string        // of the device
	tally tally

	oneDNN string // the version of oneDNN that computes convolutions; "" is none
}

// slots are the plugins in use. There is a C function for each slot: it has no other
// way to know whose plugin it compiles for.
var slots = map[Kind]*plugin{CPU: {slot: 0}, CUDA: {slot: 1}}

// open loads the plugin and makes it known to go-xla under its path. All clients of a kind
// share it.
func (p *plugin) open(kind Kind, path string) error {
	cPath := C.CString(path)
	defer C.free(unsafe.Pointer(cPath))
	var m message
	p.api = C.pjrt_open(cPath, p.slot, m.text(), m.size())
	if p.api == nil {
		return fmt.Errorf("load it: %w", m.err())
	}
	if kind == CPU {
		p.useOneDNN()
	}
	return pjrt.RegisterPreloadedPlugin(path, uintptr(unsafe.Pointer(p.api)))
}

// message receives the text of an error from C.
type message [1024]C.char

func (m *message) text() *C.char  { return &m[0] }
func (m *message) size() C.size_t { return C.size_t(len(m)) }
func (m *message) err() error     { return errors.New(C.GoString(&m[0])) }

//export sslkitCompile
func sslkitCompile(slot C.int, args *C.pjrt_compile_args) unsafe.Pointer {
	if slot == planSlot {
		return thePlanner.compile(args)
	}
	for kind, p := range slots {
		if p.slot == slot {
			return p.compile(kind, args)
		}
	}
	panic("unreachable: a slot without plugin")
}

// compile takes a program from the cache, or compiles it and puts it there. It
// returns PJRT's error.
func (p *plugin) compile(kind Kind, args *C.pjrt_compile_args) unsafe.Pointer {
	start := time.Now()
	program, options, takeBack := edit(kind, args)
	defer takeBack()
	key := p.cache.key(program, options)
	if executable := p.cache.get(key); executable != nil && p.load(args, executable) == nil {
		p.tally.add(true, time.Since(start))
		return nil
	}
	said := announce(program, p.name, p.cache != nil)
	err := C.pjrt_compile(p.slot, args)
	said()
	if err != nil {
		return err
	}
	took := time.Since(start)
	p.tally.add(false, took)
	if took >= worthKeeping && p.cache != nil {
		if executable, err := p.serialize(args.executable); err == nil {
			p.cache.put(key, executable)
		}
	}
	return nil
}

// editor is [edited], but in tests.
var editor = edited

// edit makes a compilation one of the [edited] program and options, which it returns, until
// takeBack is called.
func edit(kind Kind, args *C.pjrt_compile_args) (program, options []byte, takeBack func()) {
	program, options = editor(kind,
		unsafe.Slice((*byte)(unsafe.Pointer(args.program.code)), args.program.code_size),
		unsafe.Slice((*byte)(unsafe.Pointer(args.options)), args.options_size))
	before, code := *args, *args.program
	args.program.code, args.program.code_size = (*C.char)(C.CBytes(append(slices.Clip(program), 0))), C.size_t(len(program)) // XLA reads on to the 0
	args.options, args.options_size = (*C.char)(C.CBytes(options)), C.size_t(len(options))
	return program, options, func() {
		C.free(unsafe.Pointer(args.program.code))
		C.free(unsafe.Pointer(args.options))
		args.program.code, args.program.code_size = code.code, code.code_size
		args.options, args.options_size = before.options, before.options_size
	}
}

// load makes an executable of what [plugin.serialize] returned.
func (p *plugin) load(args *C.pjrt_compile_args, executable []byte) error {
	var m message
	if !C.pjrt_load(p.api, args, (*C.char)(unsafe.Pointer(&executable[0])), C.size_t(len(executable)), m.text(), m.size()) {
		return m.err()
	}
	return nil
}

func (p *plugin) serialize(executable unsafe.Pointer) ([]byte, error) {
	var m message
	var s C.pjrt_serialized
	if !C.pjrt_serialize(p.api, executable, &s, m.text(), m.size()) {
		return nil, m.err()
	}
	defer C.pjrt_free(&s)
	return C.GoBytes(unsafe.Pointer(s.bytes), C.int(s.size)), nil
}

// tally counts compilations.
type tally struct {
	mu  sync.Mutex
	sum Compilations
}

func (t *tally) add(loaded bool, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if loaded {
		t.sum.Loaded++
	} else {
		t.sum.Compiled++
	}
	t.sum.Time += took
}

func (t *tally) addConvolutions(counts onednn.Counts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sum.ByOneDNN += counts.Rewritten
	t.sum.ByXLA = append(t.sum.ByXLA, counts.Left...)
}

func (t *tally) total() Compilations {
	t.mu.Lock()
	defer t.mu.Unlock()
	sum := t.sum
	sum.ByXLA = slices.Clone(sum.ByXLA)
	return sum
}

// An allocator counts the memory of one of a plugin's accelerators, a call that go-xla does
// not wrap. The handle is read from a private field of go-xla (checked when the device is
// opened).
type allocator struct {
	plugin *plugin
	device unsafe.Pointer
}

// newAllocators returns those of the first accelerators of a client.
func newAllocators(p *plugin, client *pjrt.Client, count int) ([]allocator, error) {
	const name = "cDevice"
	var all []allocator
	for _, device := range client.AddressableDevices()[:count] {
		field := reflect.ValueOf(device).Elem().FieldByName(name)
		if !field.IsValid() || field.Kind() != reflect.Pointer {
			return nil, fmt.Errorf("%T has no pointer %q: this go-xla is not the one that go.mod pins", device, name)
		}
		all = append(all, allocator{p, field.UnsafePointer()})
	}
	return all, nil
}

func (a allocator) memory() (inUse, peak, limit int64, err error) {
	var m message
	var cInUse, cPeak, cLimit C.int64_t
	if !C.pjrt_memory_stats(a.plugin.api, a.device, &cInUse, &cPeak, &cLimit, m.text(), m.size()) {
		return 0, 0, 0, m.err()
	}
	if cPeak < 0 {
		return 0, 0, 0, errors.New("the plugin counts memory in use, but not its peak")
	}
	return int64(cInUse), int64(cPeak), int64(cLimit), nil
}
