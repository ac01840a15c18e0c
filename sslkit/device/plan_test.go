package device_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/internal/place"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// A program is planned from shapes, with the choices of a GPU; the CPU of the same process
// goes on as if nothing was.
func TestPlan(t *testing.T) {
	d := testkit.Target(t, "h100")
	if d.Kind != device.CUDA || !d.JointViews() || d.EmbedBatch() != 2000 {
		t.Errorf("%s does not choose as CUDA does", d)
	}
	cpu := testkit.XLA(t)
	before := cpu.Compilations()

	small := func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{graph.Tanh(graph.MatMul(in[0], in[1]))}
	}
	inputs := []shapes.Shape{shapes.Make(dtypes.BFloat16, 128, 64), shapes.Make(dtypes.BFloat16, 64, 32)}
	p, err := d.Plan("small", small, inputs...)
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "small" || p.Memory.Arguments != 2*(128*64+64*32) || p.Memory.Outputs != 2*128*32 || p.Memory.Aliased != 0 ||
		p.Memory.Peak < p.Memory.Arguments+p.Memory.Outputs {
		t.Errorf("planned %+v", p)
	}
	if again, err := d.Plan("small", small, inputs...); err != nil || again.Memory != p.Memory {
		t.Errorf("planned again: %+v, %v; want %+v", again, err, p)
	}

	for _, target := range device.Targets() {
		other, err := target.Open()
		if err != nil {
			t.Fatal(err)
		}
		if p, err := other.Plan("small", small, inputs...); err != nil || p.Kernels == 0 || p.FLOPs != 2*128*64*32 || p.Estimate <= 0 {
			t.Errorf("%s: planned %+v, %v", target.Name, p, err)
		}
	}

	if c := cpu.Compilations(); !cmp.Equal(c, before) {
		t.Errorf("planning counts as the CPU's compilations: %+v, before %+v", c, before)
	}
	two, err := graph.ExecOnce(cpu.Backend, func(x *graph.Node) *graph.Node { return graph.AddScalar(x, 1) }, float32(1))
	if err != nil || two.Value() != float32(2) {
		t.Errorf("the CPU computes 1+1 = %v, %v", two, err)
	}
}

// What cannot be planned is an error that says why.
func TestPlanErrors(t *testing.T) {
	d := testkit.Target(t, "h100")
	scalar := shapes.Make(dtypes.Float32)
	identity := func(in []*graph.Node) []*graph.Node { return in }
	for _, c := range []struct {
		what string
		err  func() error
		want string
	}{
		{"a run", func() error {
			_, err := graph.ExecOnce(d.Backend, func(x *graph.Node) *graph.Node { return graph.Neg(x) }, float32(1))
			return err
		}, "cannot be run"},
		{"a graph that cannot be built", func() error {
			_, err := d.Plan("bad", func(in []*graph.Node) []*graph.Node { return []*graph.Node{graph.MatMul(in[0], in[0])} }, scalar)
			return err
		}, "plan bad for h100"},
		{"a device that is there", func() error { _, err := testkit.XLA(t).Plan("p", identity, scalar); return err }, "Target.Open"},
		{"memory", func() error { _, err := d.Memory(); return err }, "not there"},
		{"a target without facts", func() error { _, err := device.Target{Name: "mine"}.Open(); return err }, "Capability"},
		{"an unknown name", func() error { _, err := device.TargetNamed("v9000"); return err }, "h100"},
	} {
		if err := c.err(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.what, err, c.want)
		}
	}
}

// The compiler's notice that there is no driver is left out, and nothing else.
func TestNoNotice(t *testing.T) {
	if os.Getenv("SSLKIT_TEST_TARGET") != "" {
		testkit.Target(t, "h100")
		fmt.Fprintln(os.Stderr, "opened")
		return
	}
	testkit.Target(t, "h100")
	child := exec.Command(os.Args[0], "-test.run=^TestNoNotice$")
	child.Env = append(os.Environ(), "SSLKIT_TEST_TARGET=1")
	var stderr strings.Builder
	child.Stderr = &stderr
	if err := child.Run(); err != nil || stderr.String() != "opened\n" {
		t.Errorf("error %v, standard error:\n%s", err, stderr.String())
	}
}

// Without a compiler the error says what is missing, and how to install it.
func TestOpenTargetWithoutCompiler(t *testing.T) {
	if os.Getenv("SSLKIT_TEST_TARGET") != "" {
		_, err := device.Targets()[0].Open()
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestOpenTargetWithoutCompiler$")
	home := t.TempDir()
	child.Env = append(os.Environ(), "SSLKIT_TEST_TARGET=1", "SSLKIT_HOME="+home)
	output, err := child.CombinedOutput()
	for _, want := range []string{"xla_cuda_plugin.so", home, "make setup-plan", place.PlanSize} {
		if err == nil || !strings.Contains(string(output), want) {
			t.Errorf("error %v, output without %q:\n%s", err, want, output)
		}
	}
}
