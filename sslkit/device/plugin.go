package device

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gomlx/go-xla/pkg/pjrt"
	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/backends/xla"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/internal/nvidia"
	"github.com/gossl/gossl/internal/place"
)

// findPlugin returns the real path of the PJRT plugin of a kind. The real path
// matters: the CUDA plugin finds NVIDIA's libraries by their place relative to its own.
func findPlugin(kind Kind) (string, error) { return findLibrary(place.Plugin(string(kind))) }

// findLibrary returns the real path of a file that set-up installs. It looks in
// PJRT_PLUGIN_LIBRARY_PATH, then in the plugins folder of SSLKIT_HOME. If it is in
// neither, the error is an [os.ErrNotExist].
func findLibrary(name string) (string, error) {
	dirs := filepath.SplitList(os.Getenv("PJRT_PLUGIN_LIBRARY_PATH"))
	dirs = append(dirs, place.Plugins(place.Home()))
	for _, dir := range dirs {
		path, err := filepath.EvalSymlinks(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		return filepath.Abs(path)
	}
	return "", missing{name, dirs}
}

// missing is the error of a library that is not installed.
type missing struct {
	name string
	dirs []string
}

func (m missing) Error() string {
	return fmt.Sprintf("no %s in %s (`make setup` installs it)", m.name, strings.Join(m.dirs, ", "))
}

func (missing) Is(target error) bool { return target == os.ErrNotExist }

func openCUDA(count int) (*Device, error) {
	path, err := findPlugin(CUDA)
	if err != nil {
		return nil, err
	}
	if !nvidia.Usable("/") {
		return nil, errors.New("this machine has no NVIDIA driver (/dev/nvidiactl is missing)")
	}
	toolkit := place.CUDAToolkit(path)
	if _, err := os.Stat(toolkit); err == nil {
		addXLAFlag("--xla_gpu_cuda_data_dir", toolkit)
	}
	// XLA leaves it to its caller to keep what it learnt apart by versions.
	cache := filepath.Join(place.Autotune(place.Home()), versions(path))
	if err := os.MkdirAll(cache, 0o700); err == nil {
		addXLAFlag("--xla_gpu_per_fusion_autotune_cache_dir", cache)
	}
	d := open[several{CUDA, 1}]
	if d == nil {
		var backend *xla.Backend
		if d, backend, err = openXLA(CUDA, path, pjrt.NamedValuesMap{"preallocate": false}); err != nil {
			return nil, err
		}
		chooseForCUDA(backend)
		open[several{CUDA, 1}] = d
	}
	return d.first(count)
}

// first is so many of the accelerators that a device's client has, which share it.
func (d *Device) first(count int) (*Device, error) {
	if count == 1 {
		return d, nil
	}
	if have := int(d.Backend.NumDevices()); count > have {
		return nil, fmt.Errorf("%d devices are wanted, this process sees %d (%s)", count, have, d.Name)
	}
	client, err := clientOf(d.Backend)
	if err != nil {
		return nil, err
	}
	all := *d
	all.Count = count
	all.allocators, err = newAllocators(d.plugin, client, count)
	return &all, err
}

// chooseForCUDA sets what GoMLX asks its caller to choose for CUDA. What else graphs for
// CUDA have of their own follows from the plugin's name, and here from [Device.Kind].
func chooseForCUDA(backend *xla.Backend) {
	// On CUDA this option asks for the highest precision of float32 products,
	// that is for no TF32: similarities and losses are computed in float32.
	backend.DotGeneralUseTF32 = true
}

// mostVirtual is how many devices a CPU is cut into at most.
const mostVirtual = 64

func openCPU(count int) (*Device, error) {
	if count > mostVirtual {
		return nil, fmt.Errorf("%d devices are wanted, a CPU is cut into at most %d", count, mostVirtual)
	}
	path, err := findPlugin(CPU)
	if err != nil {
		return nil, err
	}
	tuneAllocator()
	// The plugin makes four virtual devices, each with threads, unless told.
	d, _, err := openXLA(CPU, path, pjrt.NamedValuesMap{"cpu_device_count": int64(count)})
	if err != nil {
		return nil, err
	}
	return d.first(count)
}

func openXLA(kind Kind, path string, options pjrt.NamedValuesMap) (*Device, *xla.Backend, error) {
	if strings.Contains(path, ",") {
		return nil, nil, fmt.Errorf("plugin path %q holds a comma, which GoMLX takes for a separator: move SSLKIT_HOME", path)
	}
	xla.EnableAutoInstall(false)
	setDefault("TF_CPP_MIN_LOG_LEVEL", "3")
	p := slots[kind]
	if p.api == nil {
		if err := p.open(kind, path); err != nil {
			return nil, nil, fmt.Errorf("plugin %s: %w", path, err)
		}
	}
	config := path
	if kind == CPU {
		config += ",shared_buffers"
	}
	backend, err := xla.NewWithOptions(config, options)
	if err != nil {
		return nil, nil, fmt.Errorf("plugin %s: %w", path, err)
	}
	client, err := clientOf(backend)
	if err != nil {
		return nil, nil, err
	}
	d := &Device{Kind: kind, Count: 1, Backend: backend, plugin: p}
	if d.allocators, err = newAllocators(p, client, 1); err != nil {
		return nil, nil, err
	}
	major, minor := client.Plugin().Version()
	d.Plugin = fmt.Sprintf("%s, PJRT API %d.%d", filepath.Base(path), major, minor)
	if kind == CPU {
		d.Name = cpuName()
		d.Plugin += ", " + convolutionsBy(CPU)
	} else {
		d.Name = backend.DeviceDescription(0)
		d.Plugin += driver("/")
	}
	p.name = d.Name
	if p.cache, err = openCache(kind, path, d.Name); err != nil {
		fmt.Fprintf(os.Stderr, "sslkit: compiled programs are not kept: %v\n", err)
	}
	return d, backend, nil
}

// driver is what a record says of NVIDIA's driver, "" if that does not tell its
// version. Root is "/" but in tests.
func driver(root string) string {
	says, err := nvidia.Driver(root)
	if err != nil {
		return "" // a container may hide it
	}
	if version, _ := nvidia.DriverVersion(says); version != "" {
		return ", driver " + version
	}
	return ""
}

// clientOf returns the PJRT client of a backend.
func clientOf(backend backends.Backend) (*pjrt.Client, error) {
	probe := tensors.FromScalar(int32(0))
	defer probe.FinalizeAll()
	buffer, err := probe.Buffer(backend, 0)
	if err != nil {
		return nil, err
	}
	b, ok := buffer.(*pjrt.Buffer)
	if !ok {
		return nil, fmt.Errorf("backend %s holds its tensors in a %T, not in a PJRT buffer", backend.Name(), buffer)
	}
	return b.Client(), nil
}

// addXLAFlag appends a flag to XLA_FLAGS unless the user has set it.
func addXLAFlag(name, value string) {
	if !hasXLAFlag(name) {
		os.Setenv("XLA_FLAGS", strings.TrimSpace(userXLAFlags()+" "+name+"="+value))
	}
}

// hasXLAFlag says whether XLA_FLAGS sets a flag.
func hasXLAFlag(name string) bool { return strings.Contains(userXLAFlags(), name+"=") }

// userXLAFlags are the flags in XLA_FLAGS, or, as XLA reads it, in the file that it names.
func userXLAFlags() string {
	flags := os.Getenv("XLA_FLAGS")
	if flags == "" || strings.HasPrefix(strings.TrimSpace(flags), "-") {
		return flags
	}
	text, err := os.ReadFile(flags)
	if err != nil {
		return flags // XLA says what is wrong with it
	}
	return string(text)
}

func setDefault(name, value string) {
	if os.Getenv(name) == "" {
		os.Setenv(name, value)
	}
}

// cpuName is the processor's model name and the number of CPUs in use.
func cpuName() string {
	name := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				name = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d CPUs", name, runtime.NumCPU())
}
