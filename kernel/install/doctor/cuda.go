package doctor

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/gossl/gossl/internal/nvidia"
	"github.com/gossl/gossl/internal/place"
)

// oldestDriver is the oldest series of NVIDIA's driver that works with CUDA 13.
const oldestDriver = 580

// cuda checks what an NVIDIA GPU needs, if there is one.
func (d *Doctor) cuda(ctx context.Context) Check {
	says, err := nvidia.Driver(d.root)
	hasDriver := err == nil
	if !nvidia.Usable(d.root) {
		if hasDriver {
			return warn("in a container: start it with --gpus all; else reboot after the driver's installation",
				"NVIDIA's driver is loaded, but there is no /dev/nvidiactl: the CPU is used")
		}
		return ok("no NVIDIA GPU: the CPU is used")
	}
	if !hasDriver {
		return warn("reinstall NVIDIA's driver", "there is a GPU, but its driver does not tell its version: %v", err)
	}
	version, series := nvidia.DriverVersion(says)
	if version == "" {
		return warn("reinstall NVIDIA's driver", "NVIDIA's driver does not tell its version, but %q", few(string(says)))
	}
	driver := "driver " + version
	if series < oldestDriver {
		return warn("install NVIDIA's driver 580 or later", "%s, CUDA 13 wants %d or later", driver, oldestDriver)
	}
	if _, err := os.Stat(d.pluginFile("cuda")); err != nil {
		return warn(d.setup(), "%s, but the CUDA plugin is not installed: the CPU is used", driver)
	}
	env, err := d.Home.Env()
	if err == nil && env["LD_LIBRARY_PATH"] == "" {
		return fail(d.setup(), "%s, but NVIDIA's libraries are missing in %s", driver, d.Home.Path("venv"))
	}
	gpus, err := gpus(ctx)
	if err != nil {
		return warn("reinstall NVIDIA's driver", "%s, plugin installed, but %v", driver, err)
	}
	return ok("%s, plugin installed%s", driver, gpus)
}

// plan says whether programs can be compiled here for a GPU that is not there.
func (d *Doctor) plan(context.Context) Check {
	plugin, _, found := place.CUDACompiler(string(d.Home))
	if found {
		return ok("`sslkit plan` compiles with %s", plugin)
	}
	if _, err := os.Stat(d.Home.Plan()); err == nil {
		return warn(d.in("make setup-plan"), "%s lacks XLA's plugin for CUDA, ptxas or libdevice", d.Home.Plan())
	}
	return ok("`make setup-plan` has not been asked for: `sslkit plan` wants it (%s)", place.PlanSize)
}

// gpus describes the GPUs, if the tool is there that knows.
func gpus(ctx context.Context) (string, error) {
	smi, err := exec.LookPath("nvidia-smi")
	if err != nil {
		return "", nil // containers often lack it
	}
	ask := command{argv: []string{smi, "--query-gpu=name,memory.free,memory.total", "--format=csv,noheader"}}
	out, err := ask.output(ctx)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for line := range strings.Lines(out) {
		fields := strings.Split(strings.TrimSpace(line), ", ")
		if len(fields) != 3 {
			return "", fmt.Errorf("%s says %q, want name, free and total memory", smi, line)
		}
		fmt.Fprintf(&text, "\n%s, %s of %s free", fields[0], fields[1], fields[2])
	}
	return text.String(), nil
}
