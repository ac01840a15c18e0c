package device

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Target is an accelerator that programs can be compiled for, whether the machine has
// it or not. All are plain facts, so a program can describe one of its own.
type Target struct {
	Name   string // short, to ask for it: "h100"
	Device string // NVIDIA's name: "NVIDIA H100 80GB HBM3"

	// Compute capability: 9.0 is {9, 0}. Specific says that code for exactly this one may be
	// generated, which Hopper needs for its matrix instructions (sm_90a).
	Capability [2]int
	Specific   bool

	Cores          int     // streaming multiprocessors
	LanesPerCore   int     // float32 lanes of each
	ThreadsPerCore int     // at the same time
	SharedPerCore  int64   // bytes of shared memory
	SharedPerBlock int64   // bytes that one block can have of it, when it asks
	ClockGHz       float64 // the highest

	Memory    int64 // bytes that a program sees
	Bandwidth int64 // bytes/s of the memory
	L2        int64 // bytes of the cache before it

	// Operations/s of matrix products by the type of the factors, sparsity not counted; a
	// multiplication and an addition are two. F32 is without tensor cores.
	BF16, TF32, F32 float64

	// Link is how many bytes/s a device sends to others of its machine, and receives of them
	// at the same time.
	Link int64
	// Devices is how many of them, in one machine, run programs together (see
	// [Device.NewExec]); 0 is one.
	Devices int `json:",omitempty"`
}

// Where the facts of targets are from. What the driver tells of a device: XLA's own
// descriptions of H100 and A100 (github.com/openxla/xla, folder
// xla/backends/gpu/target_config/specs); what deviceQuery of NVIDIA's cuda-samples prints on
// an L4 and an RTX 4090, with the limits of compute capability 8.9 from the CUDA programming
// guide; bandwidth there is twice the memory's clock times the width of its bus. Rates:
// NVIDIA's documents, half of those that count sparsity. Links: half of what the data sheets
// give for NVLink or PCI Express, which count both directions.
var targets = []Target{
	{ // h100_sxm.txtpb; data sheet "NVIDIA H100 Tensor Core GPU"
		Name: "h100", Device: "NVIDIA H100 80GB HBM3",
		Capability: [2]int{9, 0}, Specific: true,
		Cores: 132, LanesPerCore: 128, ThreadsPerCore: 2048, SharedPerCore: 228 << 10, SharedPerBlock: 227 << 10, ClockGHz: 1.98,
		Memory: 84942979072, Bandwidth: 3352320000000, L2: 50 << 20,
		BF16: 989e12, TF32: 494e12, F32: 67e12, Link: 450e9,
	},
	{ // a100_sxm_80.txtpb; data sheet "NVIDIA A100 Tensor Core GPU"
		Name: "a100", Device: "NVIDIA A100-SXM4-80GB",
		Capability: [2]int{8, 0},
		Cores:      108, LanesPerCore: 64, ThreadsPerCore: 2048, SharedPerCore: 164 << 10, SharedPerBlock: 163 << 10, ClockGHz: 1.41,
		Memory: 85100068864, Bandwidth: 2039040000000, L2: 40 << 20,
		BF16: 312e12, TF32: 156e12, F32: 19.5e12, Link: 300e9,
	},
	{ // deviceQuery: memory's clock 6251 MHz, bus 192 bits; data sheet "NVIDIA L4 Tensor Core GPU"
		Name: "l4", Device: "NVIDIA L4",
		Capability: [2]int{8, 9},
		Cores:      58, LanesPerCore: 128, ThreadsPerCore: 1536, SharedPerCore: 100 << 10, SharedPerBlock: 99 << 10, ClockGHz: 2.04,
		Memory: 23612293120, Bandwidth: 300048000000, L2: 48 << 20,
		BF16: 121e12, TF32: 60e12, F32: 30.3e12, Link: 32e9,
	},
	{ // deviceQuery: memory's clock 10501 MHz, bus 384 bits; white paper "NVIDIA Ada GPU Architecture", appendix A
		Name: "rtx4090", Device: "NVIDIA GeForce RTX 4090",
		Capability: [2]int{8, 9},
		Cores:      128, LanesPerCore: 128, ThreadsPerCore: 1536, SharedPerCore: 100 << 10, SharedPerBlock: 99 << 10, ClockGHz: 2.52,
		Memory: 25250627584, Bandwidth: 1008096000000, L2: 72 << 20,
		BF16: 165.2e12, TF32: 82.6e12, F32: 82.6e12, Link: 32e9,
	},
}

// Targets lists the accelerators that are known, the one to plan for first.
func Targets() []Target { return slices.Clone(targets) }

// TargetNamed returns the target of a name; the error lists the names.
func TargetNamed(name string) (Target, error) {
	names := make([]string, len(targets))
	for i, t := range targets {
		if strings.EqualFold(t.Name, name) {
			return t, nil
		}
		names[i] = t.Name
	}
	return Target{}, fmt.Errorf("device: target %q: want one of %s", name, strings.Join(names, ", "))
}

// Validate reports the first fact that is missing.
func (t Target) Validate() error {
	for _, fact := range []struct {
		name  string
		value float64
	}{
		{"Capability", float64(t.Capability[0])}, {"Cores", float64(t.Cores)}, {"LanesPerCore", float64(t.LanesPerCore)},
		{"ThreadsPerCore", float64(t.ThreadsPerCore)}, {"SharedPerCore", float64(t.SharedPerCore)},
		{"SharedPerBlock", float64(t.SharedPerBlock)}, {"ClockGHz", t.ClockGHz}, {"Memory", float64(t.Memory)},
		{"Bandwidth", float64(t.Bandwidth)}, {"L2", float64(t.L2)}, {"BF16", t.BF16}, {"TF32", t.TF32}, {"F32", t.F32}, {"Link", float64(t.Link)},
	} {
		if !(fact.value > 0) {
			return fmt.Errorf("device: target %q: %s is %g, want a positive number", t.Name, fact.name, fact.value)
		}
	}
	if t.Devices < 0 || t.Devices > MostPlanned {
		return fmt.Errorf("device: target %q: %d devices, want 1 to %d", t.Name, t.Devices, MostPlanned)
	}
	return nil
}

func (t Target) count() int { return max(t.Devices, 1) }

// The libraries that a target's programs are compiled for: the oldest driver for which XLA's
// plugin is made, without which XLA makes no CUDA graphs, and the cuDNN that set-up installs.
const (
	cudaVersion                        = "13.0.0"
	cudnnMajor, cudnnMinor, cudnnPatch = 9, 28, 1
)

// config is the target as XLA reads it: a stream_executor.GpuTargetConfigProto as text.
// What all of NVIDIA's devices since Volta have in common is from the CUDA programming
// guide's table of compute capabilities.
func (t Target) config() string {
	var text strings.Builder
	extension := "NONE"
	if t.Specific {
		extension = "ACCELERATED_FEATURES"
	}
	text.WriteString("gpu_device_info {\n")
	for _, field := range []struct {
		name  string
		value any
	}{
		{"name", fmt.Sprintf("%q", t.Device)},
		{"cuda_compute_capability", fmt.Sprintf("{ major: %d minor: %d feature_extension: %s }", t.Capability[0], t.Capability[1], extension)},
		{"core_count", t.Cores}, {"fpus_per_core", t.LanesPerCore}, {"clock_rate_ghz", t.ClockGHz},
		{"threads_per_warp", 32}, {"threads_per_block_limit", 1024}, {"threads_per_core_limit", t.ThreadsPerCore},
		{"thread_dim_limit_x", 1024}, {"thread_dim_limit_y", 1024}, {"thread_dim_limit_z", 64},
		{"block_dim_limit_x", 1<<31 - 1}, {"block_dim_limit_y", 1<<16 - 1}, {"block_dim_limit_z", 1<<16 - 1},
		{"registers_per_core_limit", 1 << 16}, {"registers_per_block_limit", 1 << 16},
		{"shared_memory_per_core", t.SharedPerCore}, {"shared_memory_per_block", 48 << 10}, {"shared_memory_per_block_optin", t.SharedPerBlock},
		{"device_memory_size", t.Memory}, {"memory_bandwidth", t.Bandwidth}, {"l2_cache_size", t.L2},
		{"driver_version", strconv.Quote(cudaVersion)}, {"runtime_version", strconv.Quote(cudaVersion)},
		{"compile_time_toolkit_version", strconv.Quote(cudaVersion)},
		{"dnn_version", fmt.Sprintf("\"%d.%d.%d\"", cudnnMajor, cudnnMinor, cudnnPatch)},
	} {
		fmt.Fprintf(&text, "  %s: %v\n", field.name, field.value)
	}
	fmt.Fprintf(&text, "}\nplatform_name: \"CUDA\"\ndnn_version_info { major: %d minor: %d patch: %d }\ndevice_description_str: %q\n",
		cudnnMajor, cudnnMinor, cudnnPatch, t.Device)
	return text.String()
}
