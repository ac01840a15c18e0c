// Package device opens what computes: an NVIDIA GPU or the CPU through XLA, or
// GoMLX's pure-Go backend where no XLA plugin is installed. It is the only
// package that opens a backend, so that a program has one client per device.
//
// [Open] gives the device of a kind; its Backend is what GoMLX compiles graphs
// for. A [Device] says what it is, how much memory it has in use
// ([Device.Memory]), and what suits it, such as how many images to embed in one
// pass. A [Precision] is the number type of layers.
//
// A [Target] is an accelerator that need not be there. [Device.Plan] compiles a program for
// it and says, as a [Program], how much memory and which kernels it takes.
package device

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/backends/simplego"
	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gossl/gossl/internal/nvidia"
)

// Kind tells devices apart where it matters: how views go through a network,
// which formulation of a search is faster, and how memory is measured.
type Kind string

// The kinds of device that [Open] knows. Auto is CUDA where the machine has an
// NVIDIA GPU and its plugin, else CPU where its plugin is installed, else Go.
const (
	Auto Kind = "auto"
	CUDA Kind = "cuda"
	CPU  Kind = "cpu"
	Go   Kind = "go"
)

// Precision is the number type of convolutions and dense layers. Parameters,
// statistics and losses are float32 whatever the precision.
type Precision string

// The precisions. F64 widens parameters and losses too: it is for comparing
// with reference numbers, not for training.
const (
	BF16 Precision = "bf16"
	F32  Precision = "f32"
	F64  Precision = "f64"
)

// DType is the type of a layer's arithmetic.
func (p Precision) DType() dtypes.DType {
	switch p {
	case BF16:
		return dtypes.BFloat16
	case F64:
		return dtypes.Float64
	}
	return dtypes.Float32
}

// ParamDType is the type of parameters, optimizer state, statistics and losses.
func (p Precision) ParamDType() dtypes.DType {
	if p == F64 {
		return dtypes.Float64
	}
	return dtypes.Float32
}

// Validate reports a precision that is none of the three.
func (p Precision) Validate() error {
	switch p {
	case BF16, F32, F64:
		return nil
	}
	return fmt.Errorf("device: precision %q: want %q, %q or %q", string(p), BF16, F32, F64)
}

// A Device is an open backend. One process has at most one of each kind and count, and
// keeps it until it ends.
type Device struct {
	Kind    Kind
	Count   int // accelerators that run programs of [Device.NewExec] together, 1 but for [OpenSeveral]
	Backend backends.Backend
	Name    string // what the driver or the system calls the hardware
	Plugin  string // file and API version of the PJRT plugin, and on CUDA the driver's; "" for the Go backend

	plugin     *plugin     // nil for the Go backend
	allocators []allocator // of the accelerators; none for the Go backend
	target     *Target     // what a device that is not there stands for, else nil
}

var (
	mu   sync.Mutex
	open = map[several]*Device{}
	said = map[string]bool{} // what Auto has said on standard error
)

// several is a number of accelerators of a kind.
type several struct {
	kind  Kind
	count int
}

// Open returns the device of a kind, and opens it at the first call. An empty kind
// is Auto. An error names what is missing and how to install it. If Auto finds no plugin, a line on
// standard error says so, once in a process, even if the Go backend is open already.
func Open(kind Kind) (*Device, error) { return OpenSeveral(kind, 1) }

// OpenSeveral is [Open] for so many accelerators of this machine, which run programs of
// [Device.NewExec] together. GPUs are the first that the driver shows (CUDA_VISIBLE_DEVICES
// chooses others). A CPU is cut into virtual devices, as many as are wanted: they share its
// processors, and so are no faster. The Go backend has one.
func OpenSeveral(kind Kind, count int) (*Device, error) {
	mu.Lock()
	defer mu.Unlock()
	if kind == Auto || kind == "" {
		kind = detect()
	}
	if count < 1 {
		return nil, fmt.Errorf("device: open %s: %d devices, want at least 1", kind, count)
	}
	if d := open[several{kind, count}]; d != nil {
		return d, nil
	}
	var d *Device
	var err error
	switch kind {
	case CUDA:
		d, err = openCUDA(count)
	case CPU:
		d, err = openCPU(count)
	case Go:
		d, err = openGo(count)
	default:
		return nil, fmt.Errorf("device: Open: unknown device %q: want %q, %q, %q or %q", kind, Auto, CUDA, CPU, Go)
	}
	if err != nil {
		return nil, fmt.Errorf("device: open %s: %w", kind, err)
	}
	open[several{kind, count}] = d
	return d, nil
}

// detect chooses the device for Auto.
func detect() Kind {
	if nvidia.Usable("/") {
		if _, err := findPlugin(CUDA); err == nil {
			return CUDA
		}
		say("this machine has an NVIDIA GPU, but the CUDA plugin is not installed: run `make setup` to use it")
	}
	_, err := findPlugin(CPU)
	if err == nil {
		return CPU
	}
	say(fmt.Sprintf("%v; going on with the pure-Go backend, about 100 times slower", err))
	return Go
}

// say writes a line to standard error, the first time only.
func say(text string) {
	if !said[text] {
		said[text] = true
		fmt.Fprintln(os.Stderr, "sslkit:", text)
	}
}

// String describes the device in one line, for logs and tables.
func (d *Device) String() string {
	parts := []string{d.Name}
	if d.Count > 1 {
		parts[0] = fmt.Sprintf("%d × %s", d.Count, d.Name)
	}
	if d.Plugin != "" {
		parts = append(parts, d.Plugin)
	}
	return fmt.Sprintf("%s (%s)", d.Kind, strings.Join(parts, ", "))
}

// Compilations counts the programs that a device was given to compile.
type Compilations struct {
	Compiled int           // by XLA
	Loaded   int           // read from the cache, see [Device.Compilations]
	Time     time.Duration // to compile and to load

	ByOneDNN int      // how many convolutions of a CPU's programs oneDNN computes
	ByXLA    []string // those that it does not know: their types and dimensions
}

// Compilations counts the programs so far. A program that takes longer than a
// moment to compile is kept in cache/programs below SSLKIT_HOME, and loaded from
// there when it is wanted again with the same plugin, flags, device and driver. The
// cache grows to 2 GiB at most; SSLKIT_COMPILE_CACHE=off in the environment turns it
// off. The Go backend counts nothing; devices of [Target.Open] count together what was
// planned.
func (d *Device) Compilations() Compilations {
	if d.target != nil {
		return thePlanner.tally.total()
	}
	if d.plugin == nil {
		return Compilations{}
	}
	return d.plugin.tally.total()
}

// JointViews reports whether the views of a batch should go through a network
// in one pass with statistics per view, which is faster on a GPU and spares several
// devices half of what they exchange, or in separate passes, which is faster on a CPU.
// Both give the same numbers.
func (d *Device) JointViews() bool { return d.Kind == CUDA || d.Count > 1 }

// EmbedBatch is the number of images to embed in one pass.
func (d *Device) EmbedBatch() int {
	switch d.Kind {
	case CUDA:
		return 2000
	case CPU:
		return 250
	}
	return 50
}

func openGo(count int) (*Device, error) {
	if count > 1 {
		return nil, fmt.Errorf("%d devices are wanted, and the pure-Go backend is one: want XLA's plugin for the CPU (`make setup` installs it), or 1", count)
	}
	// One operation after another: with operations side by side, as many matrix
	// products as there are CPUs would wait for each other's workers for ever.
	backend, err := simplego.New("ops_sequential")
	if err != nil {
		return nil, err
	}
	return &Device{Kind: Go, Count: 1, Backend: goBackend{backend}, Name: "GoMLX pure Go on " + cpuName()}, nil
}

// goBackend makes GoMLX's pure-Go backend accept convolutions whose strides,
// paddings or dilations are left out, as their gradients do.
type goBackend struct{ backends.Backend }

type goBuilder struct{ backends.Builder }

type goFunction struct{ backends.Function }

func (b goBackend) Builder(name string) backends.Builder {
	return goBuilder{b.Backend.Builder(name)}
}

func (b goBuilder) Main() backends.Function {
	return goFunction{b.Builder.Main()}
}

func (f goFunction) ConvGeneral(input, kernel backends.Value, axes backends.ConvolveAxesConfig, strides []int,
	paddings [][2]int, inputDilations, kernelDilations []int, channelGroups, batchGroups int) (backends.Value, error) {
	n := len(axes.InputSpatial)
	if paddings == nil {
		paddings = make([][2]int, n)
	}
	return f.Function.ConvGeneral(input, kernel, axes, onesIfNil(strides, n), paddings,
		onesIfNil(inputDilations, n), onesIfNil(kernelDilations, n), channelGroups, batchGroups)
}

func onesIfNil(v []int, n int) []int {
	if v != nil {
		return v
	}
	return slices.Repeat([]int{1}, n)
}
