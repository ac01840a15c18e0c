package device

// #include "planner.h"
// #include <stdlib.h>
import "C"

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/gomlx/go-xla/pkg/pjrt"
	"github.com/gomlx/gomlx/backends/xla"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/support/exceptions"
	"github.com/gossl/gossl/internal/place"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/encoding/protowire"
)

// planner compiles what devices of targets are given to compile. Such a device is a CPU's
// client, by the name of which GoMLX takes it for CUDA; what is compiled goes through
// [planner.compile] to XLA's CUDA plugin, and never to the client.
type planner struct {
	mu       sync.Mutex
	graphs   *xla.Backend  // builds graphs for all targets
	api      *C.pjrt_api   // of the CUDA plugin, for which no client is made
	toolkit  string        // its folder with ptxas and libdevice
	plugin   string        // its file
	cache    *programCache // keeps what was compiled; nil keeps nothing
	tally    tally
	targets  map[Target]unsafe.Pointer // PJRT's descriptions of devices
	planning atomic.Pointer[planning]  // what [Device.Plan] asks for at the moment; nil: nothing
	count    atomic.Int64              // of programs
}

// planning is one compilation.
type planning struct {
	program  string // the beginning of its text
	target   Target
	compiled compiled
	err      error
}

// compiled is what the compiler said of a program.
type compiled struct {
	Memory   ProgramMemory
	Format   string // of the optimized program
	HLO      []byte
	Schedule string // the list of what XLA will run
}

// planSlot is the place of the planner's compile function, see slots.
const planSlot C.int = 2

// plannerName is what go-xla knows the planner's client by. GoMLX looks for "cuda" in it.
const plannerName = "/sslkit/cuda/planned"

// mostPlanned is how many accelerators programs can be planned for together.
const mostPlanned = 8

// refusal is the error with which go-xla's compilation ends.
const refusal = "the device is not there: its programs are planned (device.Plan), and cannot be run"

var thePlanner = &planner{targets: map[Target]unsafe.Pointer{}}

// Open returns a device of kind [CUDA] for which graphs are built as for the target, and
// whose programs [Device.Plan] compiles for it. None can be run. It needs XLA's plugin for
// the CPU, which builds graphs, and XLA's compiler for CUDA, but neither GPU nor driver.
// The error names what is missing and how to install it.
func (t Target) Open() (*Device, error) {
	if err := t.Validate(); err != nil {
		return nil, err
	}
	d, err := thePlanner.open(t)
	if err != nil {
		return nil, fmt.Errorf("device: plan for %s: %w", t.Name, err)
	}
	return d, nil
}

func (p *planner) open(t Target) (*Device, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.api == nil {
		if err := p.load(); err != nil {
			return nil, err
		}
	}
	if p.graphs == nil {
		if err := p.openGraphs(); err != nil {
			return nil, err
		}
	}
	if p.targets[t] == nil {
		config := t.config()
		var m message
		cConfig := C.CString(config)
		defer C.free(unsafe.Pointer(cConfig))
		target := C.plan_target(p.api, cConfig, C.size_t(len(config)), m.text(), m.size())
		if target == nil {
			return nil, m.err()
		}
		p.targets[t] = target
	}
	return &Device{Kind: CUDA, Count: 1, Backend: p.graphs, Name: t.Device, Plugin: p.plugin, target: &t}, nil
}

// load loads the compiler.
func (p *planner) load() error {
	path, toolkit, err := findCompiler()
	if err != nil {
		return err
	}
	cPath := C.CString(path)
	defer C.free(unsafe.Pointer(cPath))
	var m message
	setDefault("TF_CPP_MIN_LOG_LEVEL", "3")
	var api *C.pjrt_api
	withoutNotice(func() { api = C.plan_open(cPath, m.text(), m.size()) })
	if api == nil {
		return fmt.Errorf("plugin %s: load it: %w", path, m.err())
	}
	p.api, p.toolkit = api, toolkit
	p.plugin = fmt.Sprintf("%s, PJRT API %d.%d", filepath.Base(path), int(api.version.major), int(api.version.minor))
	if p.cache, err = openCache(CUDA, path, "planned"); err != nil {
		fmt.Fprintf(os.Stderr, "sslkit: planned programs are not kept: %v\n", err)
	}
	return nil
}

// withoutNotice loads the compiler without its notice on standard error that there is no
// driver "and the GPU will not be used", which nobody wants to use here and no variable turns
// off. What else is written there meanwhile comes a moment later.
func withoutNotice(load func()) {
	const standardError = 2
	loaded := sync.OnceFunc(load)
	defer loaded() // where its output cannot be caught
	old, err := unix.FcntlInt(standardError, unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(old)
	fd, err := unix.MemfdCreate("stderr", unix.MFD_CLOEXEC)
	if err != nil {
		return
	}
	caught := os.NewFile(uintptr(fd), "stderr")
	defer caught.Close()
	if err := unix.Dup3(fd, standardError, 0); err != nil {
		return
	}
	loaded()
	if err := unix.Dup3(old, standardError, 0); err != nil {
		return
	}
	text, err := io.ReadAll(io.NewSectionReader(caught, 0, math.MaxInt64))
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		if !strings.Contains(line, "cudart_stub.cc") && !strings.Contains(line, "absl::InitializeLog()") {
			fmt.Fprint(os.Stderr, line)
		}
	}
}

// openGraphs opens what builds graphs: another client of the CPU's plugin.
func (p *planner) openGraphs() error {
	path, err := findPlugin(CPU)
	if err != nil {
		return err
	}
	cPath := C.CString(path)
	defer C.free(unsafe.Pointer(cPath))
	var m message
	api := C.pjrt_open(cPath, planSlot, m.text(), m.size())
	if api == nil {
		return fmt.Errorf("plugin %s: load it: %w", path, m.err())
	}
	C.plan_refuses(api, C.CString(refusal))
	if err := pjrt.RegisterPreloadedPlugin(plannerName, uintptr(unsafe.Pointer(api))); err != nil {
		return fmt.Errorf("plugin %s: %w", path, err)
	}
	p.graphs, err = xla.NewWithOptions(plannerName+",noshared_buffers", pjrt.NamedValuesMap{"cpu_device_count": int64(mostPlanned)})
	if err != nil {
		return fmt.Errorf("plugin %s: %w", path, err)
	}
	chooseForCUDA(p.graphs)
	return nil
}

// findCompiler returns the real path of XLA's plugin for CUDA and the folder of NVIDIA's
// tools that it compiles with.
func findCompiler() (plugin, toolkit string, err error) {
	home := place.Home()
	plugin, toolkit, ok := place.CUDACompiler(home)
	if ok {
		return plugin, toolkit, nil
	}
	plugin = filepath.Join(place.Plan(home), place.CUDAPlugin)
	toolkit = place.CUDAToolkit(plugin)
	for _, file := range []string{plugin, filepath.Join(toolkit, "bin", "ptxas"), filepath.Join(toolkit, "nvvm", "libdevice", "libdevice.10.bc")} {
		if _, err = os.Stat(file); err != nil {
			break
		}
	}
	return "", "", fmt.Errorf("XLA's compiler for CUDA is not installed: %w: `make setup-plan` installs it (%s)", err, place.PlanSize)
}

func (p *planner) plan(d *Device, name string, build func([]*graph.Node) []*graph.Node, splits []Split, inputs []shapes.Shape) (compiled, error) {
	mark := fmt.Sprintf("planned%d_", p.count.Add(1))
	g := graph.NewGraph(d.Backend, mark+name)
	defer g.Finalize()
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := &planning{program: "module @" + mark, target: *d.target, err: errors.New("it was not compiled")}
	p.planning.Store(asked)
	defer p.planning.Store(nil)
	err := exceptions.TryCatch[error](func() {
		if err := d.compile(g, build, splits, inputs); err != nil && !strings.Contains(err.Error(), refusal) {
			panic(err)
		}
	})
	if err != nil {
		return compiled{}, err
	}
	if asked.err != nil {
		return compiled{}, asked.err
	}
	return asked.compiled, nil
}

// compile is called for every program of a device that is not there. It returns PJRT's
// error always, because there is nothing to run.
func (p *planner) compile(args *C.pjrt_compile_args) unsafe.Pointer {
	program := unsafe.Slice((*byte)(unsafe.Pointer(args.program.code)), args.program.code_size)
	options := unsafe.Slice((*byte)(unsafe.Pointer(args.options)), args.options_size)
	if asked := p.planning.Load(); asked != nil { // else somebody wants to run the program
		if text, ok := bytes.CutPrefix(program, []byte(asked.program)); ok {
			text, options = edited(CUDA, slices.Concat([]byte("module @planned_"), text), options)
			asked.compiled, asked.err = p.compileFor(asked.target, text, options)
		}
	}
	return unsafe.Pointer(&C.plan_refusal)
}

// compileFor compiles a program for a target, unless it is known what that gives.
func (p *planner) compileFor(t Target, program, options []byte) (c compiled, err error) {
	start := time.Now()
	key := p.cache.key(program, slices.Concat(options, []byte(t.config())))
	if kept := p.cache.get(key); kept != nil && json.Unmarshal(kept, &c) == nil {
		p.tally.add(true, time.Since(start))
		return c, nil
	}
	said := announce(program, t.Device, p.cache != nil)
	c, err = p.compileNow(t, program, options)
	said()
	if err != nil {
		return c, err
	}
	p.tally.add(false, time.Since(start))
	if p.cache == nil {
		return c, nil
	}
	kept, err := json.Marshal(c)
	if err != nil {
		return c, err
	}
	p.cache.put(key, kept)
	return c, nil
}

func (p *planner) compileNow(t Target, program, options []byte) (c compiled, err error) {
	dump, err := dumpFolder()
	if err != nil {
		return c, err
	}
	defer os.RemoveAll(dump)
	options = withFlag(withFlag(options, "xla_gpu_cuda_data_dir", p.toolkit), "xla_dump_to", dump)
	program = append(program, 0) // XLA's parser reads one byte on
	var m message
	var out C.plan_compiled
	defer func() { C.free(unsafe.Pointer(out.program)) }()
	if !C.plan_compile(p.api, p.targets[t], (*C.char)(unsafe.Pointer(&program[0])), C.size_t(len(program)-1),
		(*C.char)(unsafe.Pointer(&options[0])), C.size_t(len(options)), &out, m.text(), m.size()) {
		return c, m.err()
	}
	c = compiled{
		Memory: ProgramMemory{
			Arguments: int64(out.memory.arguments), Outputs: int64(out.memory.outputs), Aliased: int64(out.memory.aliased),
			Temporaries: int64(out.memory.temporaries), Peak: int64(out.memory.peak),
		},
		Format: C.GoString(&out.format[0]),
		HLO:    C.GoBytes(unsafe.Pointer(out.program), C.int(out.program_size)),
	}
	c.Schedule, err = schedule(dump)
	return c, err
}

// dumpFolder makes a folder for what XLA writes while it compiles. It removes those of
// programs that ended in the middle of that, a day later.
func dumpFolder() (string, error) {
	const prefix = "sslkit-plan-"
	left, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	if err != nil {
		return "", err
	}
	for _, dir := range left {
		if info, err := os.Lstat(dir); err == nil && time.Since(info.ModTime()) > 24*time.Hour {
			_ = os.RemoveAll(dir) // it may be another user's
		}
	}
	return os.MkdirTemp("", prefix)
}

// schedule reads what XLA wrote of what it will run: after it made CUDA graphs, or, where it
// made none, before.
func schedule(dump string) (string, error) {
	for _, name := range []string{"*.thunk_sequence_after_thunk_passes.txt", "*.thunk_sequence.txt"} {
		found, err := filepath.Glob(filepath.Join(dump, name))
		if err != nil {
			return "", err
		}
		if len(found) == 1 {
			text, err := os.ReadFile(found[0])
			return string(text), err
		}
	}
	return "", errors.New("the compiler did not write what it will run")
}

// withFlag returns the bytes of a CompileOptionsProto with one more of XLA's flags.
func withFlag(options []byte, name, value string) []byte {
	const overrides, key, entry, text = 7, 1, 2, 1 // env_option_overrides: map<string, OptionOverrideProto>; its string_field
	field := func(to []byte, number protowire.Number, content []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(to, number, protowire.BytesType), content)
	}
	flag := field(field(nil, key, []byte(name)), entry, field(nil, text, []byte(value)))
	return field(slices.Clone(options), overrides, flag)
}
