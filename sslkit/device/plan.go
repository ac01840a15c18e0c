package device

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gossl/gossl/sslkit/internal/hlo"
)

// A Program is what the compiler made of a program for a [Target], which was not run. What
// a loop or a branch holds counts once.
type Program struct {
	Name   string        `json:"name"`
	Memory ProgramMemory `json:"memory"`

	Kernels  int `json:"kernels"`  // generated kernels, copies and calls of libraries
	Graphs   int `json:"graphs"`   // CUDA graphs, each of several of those, launched at once
	Launches int `json:"launches"` // of those that are in no graph

	Convolutions []Convolutions `json:"convolutions"`
	// Operations counts those that one wants to know of, as XLA calls them: sort, while,
	// scatter, rng, gather, copy, transpose, …; within kernels, too. Calls of libraries, but
	// for products and convolutions, are under the name of what is called.
	Operations map[string]int `json:"operations"`

	Bytes int64   `json:"bytes"` // read and written of the device's memory, if caches help nothing and nothing is read twice
	FLOPs float64 `json:"flops"` // of convolutions and matrix products
	// Estimate is a roofline, not a measurement: for each kernel what takes longer, its
	// bytes at 85 % of the memory's bandwidth or its FLOPs at 60 % of the rate of their
	// type, but 2 µs at least. Measured times are longer.
	Estimate time.Duration `json:"estimate_ns"`
}

// Convolutions are those of a program that are computed alike.
type Convolutions struct {
	Kind   string `json:"kind"`   // "forward", "fused forward" (with bias and activation), "input gradient" or "filter gradient"
	Type   string `json:"type"`   // "bf16", or "bf16×bf16→f32" where images, weights and what is computed differ
	Layout string `json:"layout"` // of images in memory: "NHWC", or "NCHW→NHWC" where those that come out differ
	Count  int    `json:"count"`
}

// ProgramMemory is how many bytes of the device a program needs, as XLA planned them when
// it compiled it. What libraries allocate while it runs, such as cuDNN's workspaces, is
// not known to XLA then and not in these figures.
type ProgramMemory struct {
	Arguments   int64 `json:"arguments"`   // what goes in
	Outputs     int64 `json:"outputs"`     // what comes out
	Aliased     int64 `json:"aliased"`     // of the outputs: they take the place of arguments
	Temporaries int64 `json:"temporaries"` // in between
	Peak        int64 `json:"peak"`        // the most of all at one time
}

// Plan compiles a program for the device's target, from the shapes of its inputs alone, and
// says what it needs. build is as in graph.NewExec. It is an error on a device that is there.
func (d *Device) Plan(name string, build func(inputs []*graph.Node) []*graph.Node, inputs ...shapes.Shape) (Program, error) {
	return d.PlanSplit(name, build, nil, inputs...)
}

// PlanSplit is [Device.Plan] for a program that all accelerators of the device run together,
// see [Device.NewExec]. The shapes are those of whole inputs.
func (d *Device) PlanSplit(name string, build func(inputs []*graph.Node) []*graph.Node, splits []Split, inputs ...shapes.Shape) (Program, error) {
	if d.target == nil {
		return Program{}, fmt.Errorf("device: Plan %s: %s is there to run programs: want a device of Target.Open", name, d.Name)
	}
	compiled, err := thePlanner.plan(d, name, build, splits, inputs)
	if err != nil {
		return Program{}, fmt.Errorf("device: plan %s for %s: %w", name, d.target.Name, err)
	}
	program, err := compiled.program(name, *d.target)
	if err != nil {
		return Program{}, fmt.Errorf("device: plan %s for %s: %w", name, d.target.Name, err)
	}
	return program, nil
}

// program counts what was compiled.
func (c compiled) program(name string, t Target) (Program, error) {
	read, err := hlo.Read(c.Format, c.HLO)
	if err != nil {
		return Program{}, err
	}
	p := Program{Name: name, Memory: c.Memory, Operations: read.Operations()}
	schedule, err := hlo.ReadSchedule(c.Schedule)
	if err != nil {
		return Program{}, err
	}
	p.Graphs, p.Launches, p.Kernels = schedule.Graphs, schedule.Launches, schedule.InGraphs+schedule.Launches
	alike := map[hlo.Convolution]int{}
	for _, k := range read.Kernels() {
		p.Bytes += k.Read + k.Written
		p.FLOPs += k.FLOPs
		p.Estimate += t.estimate(k)
		if k.Convolution != nil {
			alike[*k.Convolution]++
		}
	}
	for how, count := range alike {
		p.Convolutions = append(p.Convolutions, Convolutions{how.Kind, how.Type, how.Layout, count})
	}
	slices.SortFunc(p.Convolutions, func(a, b Convolutions) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Layout, b.Layout))
	})
	return p, nil
}

// estimate is the time of a kernel by a roofline, see [Program].
func (t Target) estimate(k hlo.Kernel) time.Duration {
	const ofBandwidth, ofRate, least = 0.85, 0.6, 2e-6
	rate := t.F32
	switch {
	case k.Factors == "bf16" || k.Factors == "f16":
		rate = t.BF16
	case k.Factors == "f32" && !k.Full:
		rate = t.TF32
	}
	seconds := max(float64(k.Read+k.Written)/float64(t.Bandwidth)/ofBandwidth, k.FLOPs/rate/ofRate, least)
	return time.Duration(seconds * float64(time.Second))
}
