package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/gossl/gossl/kernel/install/home"
)

// surroundings checks that cells are built by this Go for this machine, whatever the user has set for other work.
func (d *Doctor) surroundings(ctx context.Context) Check {
	var set []string
	for _, entry := range home.Foreign() {
		set = append(set, entry+" in the environment")
	}
	settings, file := d.Home.ForeignSettings()
	for _, entry := range settings {
		set = append(set, entry+" in "+file)
	}
	program, err := exec.LookPath("go")
	if err != nil {
		return warn("", "not looked at: go is not on PATH")
	}
	fix := "unset the variable where it is set"
	wanted := map[string]string{
		"GOOS": runtime.GOOS, "GOARCH": runtime.GOARCH, "GO111MODULE": "", "GOEXPERIMENT": "", "GOTMPDIR": "", "GOCACHEPROG": "",
		"GOFLAGS": home.GoFlags, "GOTOOLCHAIN": "local", "GOCACHE": d.Home.Path("go", "cache"), "GOMODCACHE": d.Home.Path("go", "pkg", "mod"),
	}
	names := slices.Sorted(maps.Keys(wanted))
	argv := append([]string{program, "env", "-json"}, names...)
	out, err := command{dir: "/", env: d.Home.DownloadEnv(), argv: argv}.output(ctx)
	if err != nil {
		return fail(fix+", for example by `env -u NAME`", "%v", err)
	}
	var have map[string]string
	if err := json.Unmarshal([]byte(out), &have); err != nil {
		return fail(fix, "%s env -json: %v", program, err)
	}
	var wrong []string
	for _, name := range names {
		if have[name] != wanted[name] {
			wrong = append(wrong, fmt.Sprintf("%s is %q, want %q", name, have[name], wanted[name]))
		}
	}
	if len(wrong) > 0 {
		return fail(fix, "%s", strings.Join(wrong, "\n"))
	}
	if len(set) > 0 {
		return ok("cells do not heed what is set for other work: %s", strings.Join(set, ", "))
	}
	return ok("nothing in them changes how cells are built")
}
