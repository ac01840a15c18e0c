package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gossl/gossl/internal/place"
)

// pluginFile is the link to a device's plugin.
func (d *Doctor) pluginFile(device string) string {
	return filepath.Join(d.Home.Plugins(), place.Plugin(device))
}

// versionScript prints the version in the table of functions that a plugin exports (PJRT_Api in pjrt_c_api.h): behind
// the table's size and its extensions stands a struct with a size and extensions of its own.
const versionScript = `
import ctypes, sys
plugin = ctypes.CDLL(sys.argv[1])
plugin.GetPjrtApi.restype = ctypes.c_void_p
major, minor = ctypes.cast(plugin.GetPjrtApi() + 32, ctypes.POINTER(ctypes.c_int))[0:2]
print(f"{major}.{minor}")
`

// plugin checks that the plugins load, and what version of the interface they have.
func (d *Doctor) plugin(ctx context.Context) Check {
	if _, err := os.Stat(d.pluginFile("cpu")); err != nil {
		return fail(d.setup(), "XLA's plugin for the CPU is missing: %v\nThe pure-Go backend is about 100 times slower", err)
	}
	wanted, err := d.wantedAPI(ctx)
	if err != nil {
		wanted = "unknown" // the check of the workspace fails, too
	}
	env, err := d.Home.Env()
	if err != nil {
		return fail("install what is missing", "%v", err)
	}
	var found []string
	for _, device := range []string{"cpu", "cuda"} {
		file := d.pluginFile(device)
		if _, err := os.Lstat(file); err != nil {
			continue
		}
		have, err := d.askPythonWith(ctx, env, "-c", versionScript, file)
		if err != nil {
			return fail("remove "+file+", then "+d.setup(), "%s does not load: %v", file, err)
		}
		if major(have) != major(wanted) && wanted != "unknown" {
			return fail("remove "+file+", then "+d.setup(), "%s has PJRT API %s, go-xla wants %s", file, have, wanted)
		}
		found = append(found, fmt.Sprintf("%s: PJRT API %s", device, have))
	}
	if _, err := os.Stat(filepath.Join(d.Home.Plugins(), place.OneDNN)); err != nil {
		return warn(d.setup(), "oneDNN is missing: %v\nConvolutions on the CPU are XLA's own, which take up to twice as long", err)
	}
	return ok("%s (go-xla is made for %s), oneDNN for convolutions on the CPU", strings.Join(found, ", "), wanted)
}

func major(version string) string {
	before, _, _ := strings.Cut(version, ".")
	return before
}

var apiVersion = regexp.MustCompile(`(?m)^#define PJRT_API_(?:MAJOR|MINOR) (\d+)`)

// wantedAPI is the version of the interface that go-xla is made for.
func (d *Doctor) wantedAPI(ctx context.Context) (string, error) {
	env, err := d.Home.Env()
	if err != nil {
		return "", err
	}
	env["GOWORK"] = "off"
	list := command{dir: d.Repo, env: env, argv: []string{"go", "list", "-m", "-f", "{{.Dir}}", "github.com/gomlx/go-xla"}}
	dir, err := list.output(ctx)
	if err != nil {
		return "", err
	}
	header, err := os.ReadFile(filepath.Join(dir, "pkg", "pjrt", "pjrt_c_api.h"))
	if err != nil {
		return "", err
	}
	found := apiVersion.FindAllSubmatch(header, 2)
	if len(found) != 2 {
		return "", fmt.Errorf("doctor: go-xla's header has no API version")
	}
	return fmt.Sprintf("%s.%s", found[0][1], found[1][1]), nil
}
