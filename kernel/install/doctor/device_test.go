package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/gossl/gossl/internal/place"
)

func TestPlugin(t *testing.T) {
	tests := []struct {
		name, cpu, cuda string // what Python prints for each, or "missing"
		status          Status
		detail, fix     string
	}{
		{"cpu alone", "echo 0.115", "missing", OK, "cpu: PJRT API 0.115 (go-xla is made for 0.98)", ""},
		{"both", "echo 0.115", "echo 0.112", OK, "cpu: PJRT API 0.115, cuda: PJRT API 0.112", ""},
		{"no oneDNN", "echo 0.115", "missing", Warn, "oneDNN is missing", "make setup"},
		{"no cpu", "missing", "missing", Fail, "plugin for the CPU is missing", "make setup"},
		{"other interface", "echo 1.3", "missing", Fail, "has PJRT API 1.3, go-xla wants 0.98", "remove "},
		{"does not load", "echo 0.115", "echo no libcudart >&2; exit 1", Fail, "no libcudart", "cuda_plugin.so"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := sick(t)
			write(t, filepath.Join(d.Repo, "go.mod"), "module m\n\ngo 1.26\n\n"+
				"require github.com/gomlx/go-xla v0.0.0\n\nreplace github.com/gomlx/go-xla => ./xla\n")
			write(t, filepath.Join(d.Repo, "xla", "go.mod"), "module github.com/gomlx/go-xla\n\ngo 1.26\n")
			write(t, filepath.Join(d.Repo, "xla", "pkg", "pjrt", "pjrt_c_api.h"),
				"#define PJRT_API_MAJOR 0\n\n#define PJRT_API_MINOR 98\n")
			for device, prints := range map[string]string{"cpu": test.cpu, "cuda": test.cuda} {
				if prints != "missing" {
					write(t, d.pluginFile(device), "")
				}
			}
			if test.name != "no oneDNN" {
				write(t, filepath.Join(d.Home.Plugins(), place.OneDNN), "")
			}
			script(t, d.Home.Python(), fmt.Sprintf("case $3 in *cpu*) %s;; *cuda*) %s;; esac", test.cpu, test.cuda))
			expect(t, d.plugin(t.Context()), test.status, test.detail, test.fix)
		})
	}
}

func TestPluginLinkIsBroken(t *testing.T) {
	d := sick(t)
	if err := os.MkdirAll(d.Home.Plugins(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(d.Home.Path("gone.so"), d.pluginFile("cpu")); err != nil {
		t.Fatal(err)
	}
	expect(t, d.plugin(t.Context()), Fail, "missing", "make setup")
}

const (
	driver580 = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05  Release Build  (dvs)  Tue\nGCC version:  gcc 12\n"
	driver550 = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\n"
)

func TestCUDA(t *testing.T) {
	tests := []struct {
		name        string
		gpu         bool
		driver      string
		plugin      bool
		smi         string // script; "" for none
		status      Status
		detail, fix string
	}{
		{name: "no GPU", status: OK, detail: "no NVIDIA GPU"},
		{name: "container without GPU", driver: driver580, status: Warn, detail: "no /dev/nvidiactl", fix: "--gpus all"},
		{name: "no driver", gpu: true, status: Warn, detail: "does not tell its version", fix: "reinstall"},
		{name: "odd driver", gpu: true, driver: "?", status: Warn, detail: `but "?"`, fix: "reinstall"},
		{name: "old driver", gpu: true, driver: driver550, plugin: true, status: Warn, detail: "driver 550.54.15, CUDA 13 wants 580", fix: "580"},
		{name: "no plugin", gpu: true, driver: driver580, status: Warn, detail: "plugin is not installed", fix: "make setup"},
		{name: "no nvidia-smi", gpu: true, driver: driver580, plugin: true, status: OK, detail: "driver 580.95.05, plugin installed"},
		{name: "nvidia-smi", gpu: true, driver: driver580, plugin: true, smi: "echo NVIDIA H100, 70000 MiB, 81559 MiB",
			status: OK, detail: "\nNVIDIA H100, 70000 MiB of 81559 MiB free"},
		{name: "odd nvidia-smi", gpu: true, driver: driver580, plugin: true, smi: "echo No devices were found",
			status: Warn, detail: "No devices were found", fix: "reinstall"},
		{name: "broken nvidia-smi", gpu: true, driver: driver580, plugin: true, smi: "echo mismatch >&2; exit 9",
			status: Warn, detail: "exit status 9\nmismatch", fix: "reinstall"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := sick(t)
			bin := t.TempDir()
			t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
			if test.gpu {
				write(t, d.system("dev/nvidiactl"), "")
			}
			if test.driver != "" {
				write(t, d.system("proc/driver/nvidia/version"), test.driver)
			}
			if test.plugin {
				write(t, d.pluginFile("cuda"), "")
				write(t, d.Home.Path("venv/lib/python3.12/site-packages/nvidia/cu13/lib/libcudart.so"), "")
			}
			if test.smi != "" {
				script(t, filepath.Join(bin, "nvidia-smi"), test.smi)
			}
			expect(t, d.cuda(t.Context()), test.status, test.detail, test.fix)
		})
	}
}

func TestCUDALibrariesAreMissing(t *testing.T) {
	d := sick(t)
	write(t, d.system("dev/nvidiactl"), "")
	write(t, d.system("proc/driver/nvidia/version"), driver580)
	write(t, d.pluginFile("cuda"), "")
	expect(t, d.cuda(t.Context()), Fail, "libraries are missing", "make setup")
}

func TestPlan(t *testing.T) {
	d := sick(t)
	expect(t, d.plan(t.Context()), OK, "`make setup-plan` has not been asked for", "")
	plugin := filepath.Join(d.Home.Plan(), place.CUDAPlugin)
	write(t, plugin, "")
	expect(t, d.plan(t.Context()), Warn, "lacks XLA's plugin for CUDA, ptxas or libdevice", "make setup-plan")
	write(t, filepath.Join(d.Home.Plan(), "nvidia/cu13/bin/ptxas"), "")
	write(t, filepath.Join(d.Home.Plan(), "nvidia/cu13/nvvm/libdevice/libdevice.10.bc"), "")
	expect(t, d.plan(t.Context()), OK, "compiles with "+plugin, "")
}
