// Package setup installs everything that a notebook needs below the data directory, and only what is not there yet.
package setup

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/gossl/gossl/internal/atomicfile"
	"github.com/gossl/gossl/internal/nvidia"
	"github.com/gossl/gossl/internal/place"
	"github.com/gossl/gossl/kernel/install/home"
	"github.com/gossl/gossl/kernel/install/spec"
	"github.com/gossl/gossl/kernel/progress"
)

// Setup is one installation: a data directory that serves one checkout.
type Setup struct {
	Home   home.Home
	Repo   string // the checkout
	Python string // the interpreter that the virtual environment is made from
	CUDA   bool   // install the CUDA plugin and NVIDIA's libraries too
	Plan   bool   // install what compiles for a GPU that is not there; once installed, it is kept up to date

	free func(dir string) (int64, error)

	display *progress.Display
	log     *os.File
}

// New describes the set-up of a checkout on this machine.
func New(h home.Home, repo string) *Setup {
	python := os.Getenv("SSLKIT_PYTHON")
	if python == "" {
		python = "python3"
	}
	_, err := os.Stat(h.Plan())
	return &Setup{Home: h, Repo: repo, Python: python, CUDA: wantsCUDA(), Plan: err == nil,
		free: home.Free, display: progress.New(os.Stdout)}
}

// wantsCUDA says whether to install what an NVIDIA GPU needs: SSLKIT_CUDA=1 asks for it where there is none, as for an
// image that runs elsewhere, and SSLKIT_CUDA=0 does without it.
func wantsCUDA() bool {
	switch os.Getenv("SSLKIT_CUDA") {
	case "0":
		return false
	case "1":
		return true
	}
	return nvidia.Installed("/")
}

// Run does the steps that are not done yet.
func (s *Setup) Run(ctx context.Context) error {
	if err := s.open(); err != nil {
		return fmt.Errorf("setup: %w", err)
	}
	defer s.log.Close()
	start := time.Now()
	did, err := s.doAll(ctx, s.steps())
	if err != nil {
		return fmt.Errorf("setup: %w", err)
	}
	if did == 0 {
		fmt.Printf("Set-up: nothing to do, sslkit is installed in %s\n", s.Home)
	} else {
		fmt.Printf("Set-up: done in %.0f s, sslkit is installed in %s\n", time.Since(start).Seconds(), s.Home)
	}
	return nil
}

// open makes the folders that tools write to, and opens the log.
func (s *Setup) open() (err error) {
	for _, dir := range []string{s.Home.Path("tmp"), s.Home.Plugins(), s.Home.Autotune()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	s.log, err = openLog(s.Home.Path("setup.log"))
	return err
}

// steps lists what set-up does, in order: each step may build on those before it.
func (s *Setup) steps() []step {
	return append(s.pythonSteps(), s.modules(), s.tools(), s.kernel(), s.warm())
}

func (s *Setup) pythonSteps() []step {
	steps := []step{{
		name:  "Make a Python environment",
		key:   []string{s.Python, s.output(s.Python, "--version")},
		wants: []string{s.Home.Python()},
		run: func(ctx context.Context) error {
			return s.command(ctx, s.Home.PipEnv(), "", s.Python, "-I", "-m", "venv", "--clear", s.Home.Path("venv"))
		},
	}, {
		name:  "Install JupyterLab",
		files: []string{"jupyter.txt"},
		wants: []string{s.Home.Path("venv", "bin", "jupyter-lab"), s.labConfig()},
		run: func(ctx context.Context) error {
			if err := s.pip(ctx, "-r", s.tool("jupyter.txt")); err != nil {
				return err
			}
			return s.quietLab()
		},
	}, s.pluginStep("cpu", "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so"), s.oneDNN()}
	if s.CUDA {
		return append(steps, s.pluginStep("cuda", place.CUDAPlugin)) // it compiles for absent GPUs, too
	}
	if s.Plan {
		steps = append(steps, s.plan())
	}
	return steps
}

// planRoom is what the step plan needs for wheels that are fetched, kept and unpacked at the same time.
const planRoom = 1300 << 20

// plan is the step that installs what compiles for GPUs that are not there, in a folder of its own.
func (s *Setup) plan() step {
	return step{
		name:  "Install XLA's compiler for GPUs that are not there",
		costs: place.PlanSize,
		files: []string{"plan.txt"},
		done: func() bool {
			_, _, found := place.CUDACompiler(string(s.Home))
			return found
		},
		run: func(ctx context.Context) error {
			if left, err := s.free(string(s.Home)); err != nil || left < planRoom {
				return cmp.Or(err, fmt.Errorf("%d MB are free in %s, want %d MB: free some space, or set SSLKIT_HOME to a folder on a larger disk",
					left>>20, s.Home, planRoom>>20))
			}
			fresh := s.Home.Plan() + ".new"
			if err := os.RemoveAll(fresh); err != nil { // of a set-up that was killed
				return err
			}
			defer os.RemoveAll(fresh)
			if err := s.pip(ctx, "--no-deps", "--no-compile", "--target", fresh, "-r", s.tool("plan.txt")); err != nil {
				return err
			}
			if err := os.RemoveAll(s.Home.Plan()); err != nil {
				return err
			}
			return os.Rename(fresh, s.Home.Plan())
		},
	}
}

// pluginStep installs the wheels of a device and links the library that they bring to where GoMLX looks for it.
func (s *Setup) pluginStep(device, library string) step {
	link := filepath.Join(s.Home.Plugins(), place.Plugin(device))
	lock := device + ".txt"
	return step{
		name:  "Install XLA's plugin for " + device,
		files: []string{lock},
		wants: []string{link},
		run: func(ctx context.Context) error {
			if err := s.pip(ctx, "--no-deps", "-r", s.tool(lock)); err != nil {
				return err
			}
			found, err := filepath.Glob(s.Home.Path("venv", "lib", "python3*", "site-packages", library))
			if err != nil || len(found) != 1 {
				return fmt.Errorf("the wheels of %s bring no %s", lock, library)
			}
			if err := os.Remove(link); err != nil && !os.IsNotExist(err) {
				return err
			}
			return os.Symlink(found[0], link)
		},
	}
}

// oneDNN is the step that installs the library that computes convolutions on CPUs, beside the plugins.
func (s *Setup) oneDNN() step {
	library := filepath.Join(s.Home.Plugins(), place.OneDNN)
	return step{
		name:  "Install oneDNN",
		files: []string{"onednn.txt"},
		wants: []string{library},
		run: func(ctx context.Context) error {
			unpacked, err := os.MkdirTemp(s.Home.Path("tmp"), "onednn-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(unpacked)
			if err := s.pip(ctx, "--no-deps", "--no-compile", "--ignore-installed", "--prefix", unpacked, "-r", s.tool("onednn.txt")); err != nil {
				return err
			}
			return os.Rename(filepath.Join(unpacked, "lib", place.OneDNN), library)
		},
	}
}

// TestedModules are the folders of the checkout's Go modules that have tests. The library's comes first; others have what
// only tests need, and would burden the library's users.
var TestedModules = []string{".", "docker", "kernel/conformance/browser"}

// checksModule is the folder of the module of tools for tests.
const checksModule = "kernel/tools/checks"

// modules is the step that fetches what the checkout is built from, and its tests: cells are built offline.
func (s *Setup) modules() step {
	folders := append(slices.Clone(TestedModules), checksModule)
	var files []string
	for _, folder := range folders {
		files = append(files, filepath.Join("..", "..", folder, "go.mod"), filepath.Join("..", "..", folder, "go.sum"))
	}
	return step{
		name:  "Fetch Go modules",
		files: files,
		wants: []string{s.Home.Path("go", "pkg", "mod")},
		run: func(ctx context.Context) error {
			for _, folder := range folders {
				if err := s.command(ctx, s.Home.DownloadEnv(), filepath.Join(s.Repo, folder), "go", "mod", "download", "-x"); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// tools is the step that builds GoNB and the Go tools it needs.
func (s *Setup) tools() step {
	return step{
		name:  "Build GoNB, goimports and gopls",
		key:   []string{runtime.Version()},
		files: []string{"go.mod", "go.sum"},
		wants: []string{s.Home.Bin("gonb"), s.Home.Bin("goimports"), s.Home.Bin("gopls")},
		run: func(ctx context.Context) error {
			env := s.Home.DownloadEnv()
			// Go and gopls keep usage counters, in the data directory: nobody reads them there.
			if err := s.command(ctx, env, "", "go", "telemetry", "off"); err != nil {
				return err
			}
			env["GOBIN"] = s.Home.Path("bin")
			return s.command(ctx, env, s.tool(""), "go", "install", "-v", "tool")
		},
	}
}

// kernel is the step that installs the kernelspec. It compares contents: they hold the places of the checkout, of Go and
// of the compiler, which may move.
func (s *Setup) kernel() step {
	return step{
		name: "Install the Jupyter kernel",
		done: func() bool {
			kernel, err := spec.New(s.Home, s.Repo, spec.Name)
			return err == nil && kernel.Installed(s.Home.KernelSpec())
		},
		run: func(context.Context) error {
			kernel, err := spec.New(s.Home, s.Repo, spec.Name)
			if err != nil {
				return err
			}
			_, err = kernel.Install(s.Home.KernelSpec(), false)
			return err
		},
	}
}

// tool returns the path of a file that pins what set-up installs.
func (s *Setup) tool(name string) string { return filepath.Join(s.Repo, "kernel", "tools", name) }

// pip installs wheels and drops the cache: they are unpacked, and NVIDIA's alone are gigabytes.
func (s *Setup) pip(ctx context.Context, args ...string) error {
	install := []string{"-I", "-m", "pip", "install", "--require-hashes", "--only-binary=:all:", "--progress-bar=off"}
	env := s.Home.PipEnv()
	if err := s.command(ctx, env, "", s.Home.Python(), append(install, args...)...); err != nil {
		return err
	}
	return os.RemoveAll(env["PIP_CACHE_DIR"])
}

// quietLab turns off JupyterLab's fetching of news.
func (s *Setup) quietLab() error {
	if err := os.MkdirAll(filepath.Dir(s.labConfig()), 0o755); err != nil {
		return err
	}
	const config = `{"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": true}}` + "\n"
	return atomicfile.Write(s.labConfig(), []byte(config))
}

func (s *Setup) labConfig() string {
	return s.Home.Path("venv", "etc", "jupyter", "labconfig", "page_config.json")
}

// output returns what a quick command prints, or nothing if it fails.
func (s *Setup) output(name string, args ...string) string {
	out, _ := exec.Command(name, args...).Output()
	return string(bytes.TrimSpace(out))
}
