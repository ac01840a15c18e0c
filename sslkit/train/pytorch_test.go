package train

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/recipe"
)

// comparedCases are those that are compared with PyTorch on a CPU.
func comparedCases() []stepCase {
	cases := []stepCase{
		{"SimCLR", 16, 64, device.F32}, {"SimCLR", 16, 64, device.BF16}, {"SimCLR", 16, 128, device.F32}, {"SimCLR", 16, 128, device.BF16},
		{"SimCLR", 64, 64, device.F32}, {"SimCLR", 64, 64, device.BF16},
	}
	for _, name := range []string{"MoCo", "SimSiam", "BarlowTwins", "BYOL"} {
		cases = append(cases, stepCase{name, 16, 64, device.F32}, stepCase{name, 16, 64, device.BF16})
	}
	return cases
}

// BenchmarkAgainstPyTorch times training steps of ours, augmentation included, and of PyTorch's in a process of its own,
// some of each in turn, both with as many threads as there are CPUs. PyTorch's steps are eager, with channels last, and its
// views are there already. ratio is ours by PyTorch's, of the medians.
//
// SSLKIT_TEST_PYTHON names a Python with torch. Run it on a machine that does nothing else.
func BenchmarkAgainstPyTorch(b *testing.B) {
	d := testkit.CPU(b)
	for _, c := range comparedCases() {
		b.Run(c.String(), func(b *testing.B) {
			theirs := startPyTorch(b, c)
			r, err := recipe.At(recipe.Lightly2023, dataset.CIFAR10, c.method, c.batch, 200)
			if err != nil {
				b.Fatal(err)
			}
			r.TrainImages, r.TestImages = stepsPerEpoch*c.batch, r.Eval.K
			net := r.Backbone.(backbone.ResNet)
			r.Backbone, r.Precision = net.Sized(c.width), c.precision
			data := &dataset.Set{Train: noise(r.TrainImages, 32, 32), Test: noise(r.TestImages, 32, 32)}
			ours := newStepper(b, r, d.Kind, data, feed.Resident)
			const turn = 4 // steps
			for b.Loop() {
				for range turn {
					ours.take(b, 1)
				}
				theirs.take(b, turn)
			}
			mine, other := 1e3*ours.median(), median(theirs.times)
			b.ReportMetric(mine, "ours-ms")
			b.ReportMetric(other, "pytorch-ms")
			b.ReportMetric(mine/other, "ratio")
			b.ReportMetric(float64(len(theirs.times)), "steps")
			b.ReportMetric(0, "ns/op") // of a turn of both
		})
	}
}

// pyTorch is a process that makes steps when it is asked to.
type pyTorch struct {
	ask    io.Writer
	answer *bufio.Scanner
	times  []float64 // ms
}

func startPyTorch(b *testing.B, c stepCase) *pyTorch {
	b.Helper()
	python := os.Getenv("SSLKIT_TEST_PYTHON")
	if python == "" {
		python = "python3"
	}
	if out, err := exec.Command(python, "-c", "import torch").CombinedOutput(); err != nil {
		b.Skipf("needs a Python with torch, in SSLKIT_TEST_PYTHON: %s: %v: %s", python, err, out)
	}
	cmd := exec.CommandContext(b.Context(), python, "-W", "ignore", "testdata/pytorch_steps.py",
		c.method, strconv.Itoa(c.width), strconv.Itoa(c.batch), string(c.precision), strconv.Itoa(runtime.NumCPU()))
	cmd.Stderr = os.Stderr
	ask, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	answer, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = ask.Close()
		_ = cmd.Wait()
	})
	p := &pyTorch{ask: ask, answer: bufio.NewScanner(answer)}
	if got := p.line(b); got != "ready" {
		b.Fatalf("PyTorch says %q, want ready", got)
	}
	return p
}

func (p *pyTorch) line(b *testing.B) string {
	b.Helper()
	if !p.answer.Scan() {
		b.Fatalf("PyTorch has ended: %v", p.answer.Err())
	}
	return p.answer.Text()
}

// take makes n steps and keeps their times.
func (p *pyTorch) take(b *testing.B, n int) {
	b.Helper()
	if _, err := fmt.Fprintln(p.ask, n); err != nil {
		b.Fatal(err)
	}
	for _, field := range strings.Fields(p.line(b)) {
		ms, err := strconv.ParseFloat(field, 64)
		if err != nil {
			b.Fatal(err)
		}
		p.times = append(p.times, ms)
	}
}
