package device_test

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

func TestPrecision(t *testing.T) {
	for _, c := range []struct {
		precision     device.Precision
		dtype, params dtypes.DType
		valid         bool
	}{
		{device.BF16, dtypes.BFloat16, dtypes.Float32, true},
		{device.F32, dtypes.Float32, dtypes.Float32, true},
		{device.F64, dtypes.Float64, dtypes.Float64, true},
		{"", dtypes.Float32, dtypes.Float32, false},
		{"fp16", dtypes.Float32, dtypes.Float32, false},
	} {
		p := c.precision
		if p.DType() != c.dtype || p.ParamDType() != c.params || (p.Validate() == nil) != c.valid {
			t.Errorf("%q: %s, %s, %v", p, p.DType(), p.ParamDType(), p.Validate())
		}
	}
}

func TestOpenUnknownKind(t *testing.T) {
	_, err := device.Open("tpu")
	if err == nil || !strings.Contains(err.Error(), `unknown device "tpu"`) || !strings.Contains(err.Error(), `"cuda"`) {
		t.Errorf("error %v, want one that names the kind and the known ones", err)
	}
}

func TestOpenEmptyKind(t *testing.T) {
	if d, auto := testkit.Open(t, ""), testkit.Open(t, device.Auto); d != auto {
		t.Errorf("an empty kind is %s, want Auto's %s", d, auto)
	}
}

func TestOpenTwice(t *testing.T) {
	d := testkit.Open(t, device.Go)
	if again := testkit.Open(t, device.Go); again != d {
		t.Error("a second Open opened another device")
	}
	if d.Kind != device.Go || d.Plugin != "" || !strings.HasPrefix(d.String(), "go (") || d.JointViews() {
		t.Errorf("%s: %+v", d, d)
	}
}

func TestOpenXLA(t *testing.T) {
	if d := testkit.XLA(t); d.Kind != testkit.Kind(t) || !strings.Contains(d.String(), "PJRT API") {
		t.Errorf("%s: %+v", d, d)
	}
}

func TestMemory(t *testing.T) {
	check := func(t *testing.T, d *device.Device) {
		debug.FreeOSMemory() // that of the tests before this one would do for the block
		d.ResetPeak()
		memory, err := d.Memory()
		if err != nil {
			t.Fatal(err)
		}
		if memory.InUse < 1<<20 || memory.Peak < memory.InUse {
			t.Errorf("%d bytes in use, %d at the peak", memory.InUse, memory.Peak)
		}
		if memory.Source != "process resident memory" || !strings.Contains(memory.String(), "MiB ("+memory.Source+")") {
			t.Errorf("source %q, text %q", memory.Source, memory)
		}
		const size = 64 << 20
		block := bytes.Repeat([]byte{1}, size)
		after, err := d.Memory()
		if err != nil {
			t.Fatal(err)
		}
		if block[size/2] != 1 || after.Peak < memory.InUse+size/2 {
			t.Errorf("the peak is %d after writing %d bytes more than %d", after.Peak, size, memory.InUse)
		}
	}
	t.Run("go", func(t *testing.T) { check(t, testkit.Open(t, device.Go)) })
	t.Run("cpu", func(t *testing.T) { check(t, testkit.CPU(t)) })
}

// What is on the device counts, and only as long as it is there.
func TestMemoryOfTensors(t *testing.T) {
	d := testkit.XLA(t)
	inUse := func() (device.Memory, int64) {
		t.Helper()
		debug.FreeOSMemory()
		m, err := d.Memory()
		if err != nil {
			t.Fatal(err)
		}
		return m, m.InUse
	}
	ones, err := graph.NewExec(d.Backend, func(x *graph.Node) *graph.Node {
		return graph.BroadcastToDims(x, 64<<20)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer ones.Finalize()
	fill := func() *tensors.Tensor {
		t.Helper()
		tensor, err := ones.Exec1(uint8(1))
		if err != nil {
			t.Fatal(err)
		}
		return tensor
	}
	fill().MustFinalizeAll() // compiles
	_, before := inUse()
	tensor := fill()
	held, with := inUse()
	tensor.MustFinalizeAll()
	_, after := inUse()
	const size, slack = 64 << 20, 16 << 20
	// A CPU's memory is malloc's, which keeps what is freed: before holds the first tensor's.
	if d.Kind == device.CUDA && (with-before < size-slack || with-before > size+slack || after-before > slack) || with < size {
		t.Errorf("%d bytes in use, %d with a tensor of %d bytes, %d without it again", before, with, size, after)
	}
	if held.OnDevice() != (d.Kind == device.CUDA) || held.Peak < with {
		t.Errorf("%s counts %s, at the peak %d bytes of %d", d.Kind, held.Source, held.Peak, with)
	}
}

// openAuto, set in a child process, makes it open devices, of kinds separated by
// commas, twice, and print the kinds.
const openAuto = "SSLKIT_TEST_OPEN"

func TestMain(m *testing.M) {
	if kinds := os.Getenv(openAuto); kinds != "" {
		for _, kind := range strings.Split(kinds+","+kinds, ",") {
			d, err := device.Open(device.Kind(kind))
			if err != nil {
				os.Stdout.WriteString(err.Error())
				return
			}
			os.Stdout.WriteString(string(d.Kind) + "\n")
		}
		return
	}
	os.Exit(m.Run())
}

// openInChild opens a device in a process that finds no plugin.
func openInChild(t *testing.T, kind device.Kind) (stdout, stderr string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), openAuto+"="+string(kind), "SSLKIT_HOME="+t.TempDir(), "PJRT_PLUGIN_LIBRARY_PATH="+t.TempDir())
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	return out.String(), errs.String()
}

func TestAutoFallsBackToGo(t *testing.T) {
	if _, err := os.Stat("/dev/nvidiactl"); err == nil {
		t.Skip("on a machine with a GPU there is one line more")
	}
	for _, kinds := range []device.Kind{device.Auto, "go,auto"} { // the Go backend may be open before
		stdout, stderr := openInChild(t, kinds)
		if strings.ReplaceAll(stdout, "go\n", "") != "" || stdout == "" {
			t.Errorf("%s: opened %q, want go", kinds, stdout)
		}
		if strings.Count(stderr, "\n") != 1 || !strings.HasPrefix(stderr, "sslkit: ") || !strings.Contains(stderr, "make setup") {
			t.Errorf("%s: standard error is %q, want one line about `make setup`", kinds, stderr)
		}
	}
}

func TestOpenWithoutPlugin(t *testing.T) {
	for _, kind := range []device.Kind{device.CPU, device.CUDA} {
		stdout, stderr := openInChild(t, kind)
		name := "pjrt_c_api_" + string(kind) + "_plugin.so"
		if !strings.HasPrefix(stdout, "device: open "+string(kind)+": ") || !strings.Contains(stdout, name) || !strings.Contains(stdout, "make setup") {
			t.Errorf("%s: error %q, want one that names %s and `make setup`", kind, stdout, name)
		}
		if stderr != "" {
			t.Errorf("%s: standard error %q, want nothing", kind, stderr)
		}
	}
}

// convolution returns y and the gradients of Σ y² of a convolution; options
// that the stride does not need are left out, as gradients leave them out.
func convolution(t *testing.T, d *device.Device, stride, pad int) [][]float64 {
	t.Helper()
	x := testkit.Array{Shape: []int{2, 7, 6, 3}, Data: testkit.G(1, 2, 126)}
	kernel := testkit.Array{Shape: []int{3, 3, 3, 4}, Data: testkit.G(2, 9, 12)}
	return testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
		conv := graph.Convolve(in[0], in[1])
		if stride > 1 {
			conv = conv.Strides(stride)
		}
		if pad > 0 {
			conv = conv.PaddingPerDim([][2]int{{pad, pad}, {pad, pad}})
		}
		y := conv.Done()
		return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(graph.Square(y)), in[0], in[1])...)
	}, x.Tensor(dtypes.Float32), kernel.Tensor(dtypes.Float32))
}

// TestConvolution compares the Go backend with XLA.
func TestConvolution(t *testing.T) {
	for _, c := range []struct{ stride, pad int }{{1, 0}, {1, 1}, {2, 0}, {2, 1}, {3, 2}} {
		got := convolution(t, testkit.Open(t, device.Go), c.stride, c.pad)
		if testing.Short() {
			continue // it did not panic
		}
		want := convolution(t, testkit.XLA(t), c.stride, c.pad)
		for i, name := range []string{"y", "dx", "dkernel"} {
			testkit.Near(t, name, got[i], want[i], 1e-5)
		}
	}
}

// TestGoBackendFinishes runs more independent products than there are CPUs,
// each of them split among workers: side by side they would wait for ever.
func TestGoBackendFinishes(t *testing.T) {
	d := testkit.Open(t, device.Go)
	x := testkit.Array{Shape: []int{6, 5}, Data: testkit.G(1, 6, 5)}
	done := make(chan bool)
	go func() {
		defer close(done)
		for range 20 {
			testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
				var products []*graph.Node
				for i := range 16 * runtime.NumCPU() {
					y := graph.AddScalar(in[0], float64(i))
					products = append(products, graph.Dot(y, y).General([]int{0}, nil, []int{0}, nil))
				}
				return products
			}, x.Tensor(dtypes.Float64))
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("the Go backend hangs")
	}
}
