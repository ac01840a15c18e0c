package device

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/internal/place"
	"github.com/gossl/gossl/sslkit/internal/hlo"
)

var update = flag.Bool("update", false, "record the optimized program that package hlo's tests read")

// recorded has a kernel of each kind: a convolution and its gradients, a product, a
// reduction, a sort, and an update in place.
func recorded(in []*graph.Node) []*graph.Node {
	x := graph.Convolve(in[0], in[1]).PadSame().Done() // [16, 8, 8, 64]
	sum := graph.ReduceAllSum(graph.Tanh(graph.ConvertDType(x, dtypes.Float32)))
	gradients := graph.Gradient(sum, in[0], in[1])
	row := graph.OnesLike(graph.Slice(in[2], graph.AxisRange(0, 1))) // [1, 256]
	return []*graph.Node{
		x, sum, gradients[0], gradients[1],
		graph.Sort(graph.Reshape(in[0], -1), 0, true),
		graph.MatMul(in[2], in[2]),
		graph.DynamicUpdateSlice(in[2], row, []*graph.Node{in[3], in[3]}),
	}
}

// openTarget is testkit.Target for tests within the package.
func openTarget(t *testing.T, name string) *Device {
	t.Helper()
	if testing.Short() {
		t.Skip("needs XLA, which -short leaves out")
	}
	if _, _, ok := place.CUDACompiler(place.Home()); !ok {
		t.Skip("XLA's compiler for CUDA is not installed: make setup-plan")
	}
	target, err := TargetNamed(name)
	if err != nil {
		t.Fatal(err)
	}
	d, err := target.Open()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The program that package hlo's tests read is what the compiler makes of it today.
func TestRecordedProgram(t *testing.T) {
	d := openTarget(t, "h100")
	c, err := thePlanner.plan(d, "recorded", recorded, nil, []shapes.Shape{
		shapes.Make(dtypes.BFloat16, 16, 8, 8, 32), shapes.Make(dtypes.BFloat16, 3, 3, 32, 64),
		shapes.Make(dtypes.Float32, 256, 256), shapes.Make(dtypes.Int32),
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join("..", "internal", "hlo", "testdata")
	files := map[string][]byte{"recorded." + c.Format: c.HLO, "recorded.schedule.txt": []byte(c.Schedule)}
	for name, want := range files {
		path := filepath.Join(dir, name)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if name == "recorded.schedule.txt" && !bytes.Equal(got, want) {
			t.Errorf("%s is not what the compiler writes now; `go test ./sslkit/device -run RecordedProgram -update` records it:\n%s", path, want)
		}
	}
	p, err := c.program("recorded", *d.target)
	if err != nil {
		t.Fatal(err)
	}
	if p.Graphs != 1 || p.Kernels <= p.Launches || len(p.Convolutions) != 3 || p.Operations["sort"] != 1 || p.FLOPs == 0 {
		t.Errorf("planned %+v", p)
	}
	for _, c := range p.Convolutions {
		if c.Type != "bf16" || c.Layout != "NHWC" || c.Count != 1 {
			t.Errorf("convolution %+v, want bf16 NHWC", c)
		}
	}
}

// What was planned once is kept: the compiler is not asked again for the same program and
// target, but for another one.
func TestPlansAreKept(t *testing.T) {
	h100, a100 := openTarget(t, "h100"), openTarget(t, "a100")
	cache, err := cacheIn(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func(cache *programCache) { thePlanner.cache = cache }(thePlanner.cache)
	thePlanner.cache = cache
	var first Program
	for _, c := range []struct {
		what     string
		device   *Device
		compiled int
	}{{"first", h100, 1}, {"again", h100, 0}, {"another target", a100, 1}} {
		before := c.device.Compilations()
		p, err := c.device.Plan("kept", func(in []*graph.Node) []*graph.Node { return []*graph.Node{graph.Tanh(in[0])} }, shapes.Make(dtypes.Float32, 100))
		if err != nil {
			t.Fatal(err)
		}
		after := c.device.Compilations()
		if got := after.Compiled - before.Compiled; got != c.compiled || after.Loaded-before.Loaded != 1-got {
			t.Errorf("%s: compiled %d programs, want %d; before %+v, after %+v", c.what, got, c.compiled, before, after)
		}
		if first.Name == "" {
			first = p
		}
		if !reflect.DeepEqual(p, first) {
			t.Errorf("%s: %+v, want %+v", c.what, p, first)
		}
	}
}

// A kernel's estimate is the larger of what its bytes and its operations take.
func TestEstimate(t *testing.T) {
	target := Target{Bandwidth: 1e9, BF16: 1e12, TF32: 1e11, F32: 1e10}
	for _, c := range []struct {
		what   string
		kernel hlo.Kernel
		want   time.Duration
	}{
		{"bytes", hlo.Kernel{Read: 8e8, Written: 5e7, FLOPs: 1e9, Factors: "bf16"}, time.Second},
		{"bf16", hlo.Kernel{FLOPs: 6e11, Factors: "bf16"}, time.Second},
		{"TF32", hlo.Kernel{FLOPs: 6e10, Factors: "f32"}, time.Second},
		{"full float32", hlo.Kernel{FLOPs: 6e9, Factors: "f32", Full: true}, time.Second},
		{"a launch", hlo.Kernel{Read: 4}, 2 * time.Microsecond},
	} {
		if got := target.estimate(c.kernel); (got - c.want).Abs() > time.Microsecond {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
}

// What XLA wrote for a program that was interrupted is removed, but not what it is writing.
func TestDumpsAreRemoved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	old, err := dumpFolder()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(old, "module.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fresh, err := dumpFolder()
	if err != nil {
		t.Fatal(err)
	}
	yesterday := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(old, yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	if _, err := dumpFolder(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !os.IsNotExist(err) {
		t.Errorf("the folder of yesterday: %v, want it gone", err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Error(err)
	}
}
