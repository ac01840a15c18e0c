package doctor

import (
	"context"
	"debug/buildinfo"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	goLine   = regexp.MustCompile(`(?m)^go (\S+)$`)
	gonbLine = regexp.MustCompile(`(?m)^\s*github\.com/janpfeifer/gonb (\S+)`)
	goplsPin = regexp.MustCompile(`(?m)^\s*golang\.org/x/tools/gopls (\S+)`)
)

// pinned returns what a file of the checkout says, as the expression's first group; "" if it says nothing.
func (d *Doctor) pinned(file string, expression *regexp.Regexp) string {
	content, err := os.ReadFile(filepath.Join(d.Repo, file))
	if err != nil {
		return "" // the check of the workspace reports a checkout that is gone
	}
	found := expression.FindSubmatch(content)
	if found == nil {
		return ""
	}
	return string(found[1])
}

func (d *Doctor) goVersion(ctx context.Context) Check {
	want := d.pinned("go.mod", goLine)
	install := "install Go from go.dev/dl and put its bin folder on PATH"
	if want != "" {
		install = "install Go " + want + " or later from go.dev/dl and put its bin folder on PATH"
	}
	program, err := exec.LookPath("go")
	if err != nil {
		return fail(install, "go is not on PATH")
	}
	have, err := command{dir: "/", env: d.Home.DownloadEnv(), argv: []string{program, "env", "GOVERSION"}}.output(ctx)
	switch {
	case err != nil:
		return fail(install, "%v", err)
	case want == "":
		return warn("run doctor in a checkout of sslkit", "%s is %s; no go.mod says which version is wanted", program, have)
	case version.Compare(have, "go"+want) < 0:
		return fail(install, "%s is %s, go.mod wants go%s or later", program, have, want)
	}
	return ok("%s, go.mod wants go%s or later (%s)", have, want, program)
}

// compiler checks what packages with C are compiled with. Linking needs no C compiler.
func (d *Doctor) compiler(ctx context.Context) Check {
	const install = "Debian, Ubuntu: sudo apt install gcc libc6-dev; Fedora: sudo dnf install gcc glibc-devel"
	cc := d.Home.DownloadEnv()["CC"]
	program, err := exec.LookPath(cc)
	if err != nil {
		return fail(install+"; or set CC to another C compiler", "%s is not on PATH", cc)
	}
	const test = "#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n"
	check := command{input: test, argv: []string{program, "-x", "c", "-fsyntax-only", "-"}}
	if _, err := check.output(ctx); err != nil {
		return warn(install, "%v\nCells are built only while everything with C is in the build cache", err)
	}
	name, err := command{argv: []string{program, "-dumpfullversion", "-dumpversion"}}.output(ctx)
	if err != nil { // a compiler that does not know the option compiles nevertheless
		return ok("%s", program)
	}
	return ok("%s %s", program, strings.ReplaceAll(name, "\n", " "))
}

// built returns the version of the module that a Go program was built from.
func built(program string) string {
	info, err := buildinfo.ReadFile(program)
	if err != nil || info.Main.Version == "" {
		return "of unknown version"
	}
	return info.Main.Version
}

// tool checks a Go program that set-up built, and that runs.
func (d *Doctor) tool(ctx context.Context, name string, pin *regexp.Regexp, without, input string, args ...string) Check {
	program := d.Home.Bin(name)
	if _, err := os.Stat(program); err != nil {
		return fail(d.setup(), "%s is missing: %s", program, without)
	}
	c := command{dir: d.Home.Temp(), env: d.Home.DownloadEnv(), input: input, argv: append([]string{program}, args...)}
	if _, err := c.output(ctx); err != nil {
		return fail("remove it, then "+d.setup(), "%v", err)
	}
	have := built(program)
	if pin != nil {
		if want := d.pinned(filepath.Join("kernel", "tools", "go.mod"), pin); want != "" && have != want {
			return warn(d.setup(), "%s is %s, the checkout wants %s", program, have, want)
		}
	}
	return ok("%s %s", name, have)
}

func (d *Doctor) gonb(ctx context.Context) Check {
	return d.tool(ctx, "gonb", gonbLine, "no kernel starts", "", "--version")
}

func (d *Doctor) gopls(ctx context.Context) Check {
	c := d.tool(ctx, "gopls", goplsPin, "nothing is completed", "", "version")
	if c.Status == Fail {
		c.Status = Warn // cells run without
	}
	return c
}

func (d *Doctor) goimports(ctx context.Context) Check { // any version does
	return d.tool(ctx, "goimports", nil, "no cell is built", "package cell\n")
}
