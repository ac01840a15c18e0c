package doctor

import (
	"context"
	"maps"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

var (
	labPin        = regexp.MustCompile(`(?m)^jupyterlab==(\S+)`)
	pythonVersion = regexp.MustCompile(`^Python (\d+)\.(\d+)`)
)

// oldestPython is the minor version of the oldest Python 3 that JupyterLab's pinned version runs on.
const oldestPython = 10

func (d *Doctor) python(ctx context.Context) Check {
	have, err := d.askPython(ctx, "--version")
	if err != nil {
		return fail(d.setup(), "%v", err)
	}
	found := pythonVersion.FindStringSubmatch(have)
	if found == nil {
		return fail(d.setup(), "%s says %q, want a version", d.Home.Python(), have)
	}
	if minor, _ := strconv.Atoi(found[2]); found[1] != "3" || minor < oldestPython { // the expression has digits there
		return fail("install Python 3.10 or later, then "+d.setup(), "%s, want 3.%d or later", have, oldestPython)
	}
	return ok("%s in %s", have, filepath.Dir(filepath.Dir(d.Home.Python())))
}

func (d *Doctor) jupyterLab(ctx context.Context) Check {
	have, err := d.askPython(ctx, "-m", "jupyterlab", "--version")
	if err != nil {
		return fail(d.setup(), "%v", err)
	}
	want := d.pinned(filepath.Join("kernel", "tools", "jupyter.txt"), labPin)
	if want != "" && have != want {
		return warn(d.setup(), "JupyterLab %s, the checkout wants %s", have, want)
	}
	return ok("JupyterLab %s", have)
}

// askPython runs the virtual environment's interpreter and returns the last line that it prints.
func (d *Doctor) askPython(ctx context.Context, args ...string) (string, error) {
	return d.askPythonWith(ctx, nil, args...)
}

func (d *Doctor) askPythonWith(ctx context.Context, more map[string]string, args ...string) (string, error) {
	env := d.Home.JupyterEnv()
	env["PYTHONHOME"], env["PYTHONPATH"] = "", "" // which Python's -I ignores where we start it
	maps.Copy(env, more)
	out, err := command{env: env, argv: append([]string{d.Home.Python()}, args...)}.output(ctx)
	lines := strings.Split(out, "\n")
	return lines[len(lines)-1], err
}
