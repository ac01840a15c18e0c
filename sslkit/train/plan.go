package train

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/shapes"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/recipe"
)

// Planned is what a compiler plans for a run on a device that need not be there: see
// [device.Program]. Nothing of it was measured.
type Planned struct {
	Recipe   recipe.Recipe    `json:"recipe"`
	Target   device.Target    `json:"target"`
	Programs []device.Program `json:"programs"` // those that were asked for, in the order of [PlannedPrograms]

	// Resident is how many bytes of the device a run keeps between steps: images, and the
	// state. Peak is the most that it takes: that of the program which takes most, and
	// beside it what else is kept then. Not in it are what is unknown before programs
	// run: the driver's own memory, cuDNN's workspaces, what autotuning tries, and what
	// the allocator loses to gaps.
	Resident int64 `json:"resident"`
	Peak     int64 `json:"peak"`
}

// PlannedPrograms lists the programs of a run that [Plan] plans: the training step, the
// features of a batch of images, and the vote of a batch's neighbours. Others, which join
// and normalise features, are small beside them. A linear probe's are not planned.
func PlannedPrograms() []string { return []string{"step", "embed", "vote"} }

// Plan has a run's programs compiled for a target, for images that lie on it, and
// tells report of each before it does, unless that is nil. The images need not be there,
// but the data set must be a known one; of images of several sizes all are taken to have
// the one that many have. With names only those of [PlannedPrograms] are compiled, as far
// as the run has them; Peak is theirs then. Between two programs it looks whether the
// context has ended. The error says what is missing, and how to install it, where there
// is no compiler.
func Plan(ctx context.Context, r recipe.Recipe, t device.Target, report func(program string), names ...string) (*Planned, error) {
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("train: plan: %w", err)
	}
	for _, name := range names {
		if !slices.Contains(PlannedPrograms(), name) {
			return nil, fmt.Errorf("train: plan: program %q: want some of %s", name, strings.Join(PlannedPrograms(), ", "))
		}
	}
	d, err := t.Open()
	if err != nil {
		return nil, fmt.Errorf("train: plan: %w", err)
	}
	p, err := newPlanner(r, d)
	if err != nil {
		return nil, fmt.Errorf("train: plan: %w", err)
	}
	defer p.free()
	plan := &Planned{Recipe: r, Target: t, Resident: p.resident()}
	for _, name := range PlannedPrograms() {
		if len(names) > 0 && !slices.Contains(names, name) || name == "vote" && !r.Eval.On() || name == "embed" && !r.Labelled() {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("train: plan: %w", err)
		}
		if report != nil {
			report(name)
		}
		program, beside, err := map[string]func() (device.Program, int64, error){"step": p.planStep, "embed": p.planEmbed, "vote": p.planVote}[name]()
		if err != nil {
			return nil, fmt.Errorf("train: plan: %w", err)
		}
		program.Name = name
		plan.Programs = append(plan.Programs, program)
		plan.Peak = max(plan.Peak, beside+program.Memory.Peak)
		if name == "embed" { // then the batches' features are joined
			bank := bytesOf([]shapes.Shape{p.features(r.TrainImages)})
			plan.Peak = max(plan.Peak, plan.Resident+2*bank)
		}
	}
	return plan, nil
}

// planner is a run of which only the shapes are there.
type planner struct {
	recipe      recipe.Recipe
	device      *device.Device
	step        *step
	train, test *feed.Source
	eval        *evaluator
}

func newPlanner(r recipe.Recipe, d *device.Device) (*planner, error) {
	about, known := dataset.About(r.Data)
	if !known {
		return nil, fmt.Errorf("data set %q: how large its images are is not known: want one of %v", r.Data, dataset.Names())
	}
	p := &planner{recipe: r, device: d}
	var err error
	if p.step, err = newStep(d, r); err != nil {
		return nil, err
	}
	data := &dataset.Set{Train: outlines(about, r.TrainImages), Test: outlines(about, r.TestImages)}
	if p.train, err = feed.Outlined(d, data.Train, inputSize(r)); err != nil {
		return nil, err
	}
	if err := p.step.feed(p.train); err != nil {
		return nil, err
	}
	if r.Labelled() {
		if p.test, err = feed.Outlined(d, data.Test, inputSize(r)); err != nil {
			return nil, err
		}
		p.eval, err = newEvaluator(d, r, p.step.layout.vars, p.train, p.test, data)
	}
	return p, err
}

// free releases what a run's parts have made: programs that were not compiled, and labels.
func (p *planner) free() {
	(&trainer{step: p.step, eval: p.eval}).free()
}

// outlines are images of a data set without pixels.
func outlines(about dataset.Facts, n int) *dataset.Images {
	m := &dataset.Images{Height: about.Height, Width: about.Width, Labels: make([]int32, n), Classes: about.Classes}
	if about.Mixed {
		m.Stack(slices.Repeat([]dataset.Frame{{Height: about.Height, Width: about.Width}}, n))
	}
	return m
}

// state lists the shapes of [state.fields].
func (p *planner) state() []shapes.Shape {
	l := p.step.layout
	params, buffers := l.vars.Sizes()
	list := []shapes.Shape{p.vector(params)}
	for range l.slots {
		list = append(list, p.vector(params))
	}
	return append(list, p.vector(buffers), p.vector(len(l.noMeters())), shapes.Make(dtypes.Int32))
}

func (p *planner) vector(n int) shapes.Shape {
	return shapes.Make(p.recipe.Precision.ParamDType(), n)
}

// constants lists the shapes of what [epochInput] has besides the images.
func (p *planner) constants() []shapes.Shape {
	steps := p.recipe.Steps()
	return []shapes.Shape{
		shapes.Make(dtypes.Int32, steps, p.recipe.Batch), shapes.Make(dtypes.Int32), p.vector(steps), shapes.Make(dtypes.Uint64),
	}
}

// labels is the shape of the training images' labels.
func (p *planner) labels() shapes.Shape { return shapes.Make(dtypes.Int32, p.recipe.TrainImages) }

// resident is how many bytes stay on each accelerator from epoch to epoch.
func (p *planner) resident() int64 {
	bytes := bytesOf(p.state()) + p.train.Kept()
	if p.eval != nil {
		bytes += p.test.Kept() + bytesOf([]shapes.Shape{p.labels()})
	}
	return bytes
}

// planStep plans the training step, and returns the bytes that lie beside it.
func (p *planner) planStep() (device.Program, int64, error) {
	arguments := slices.Concat(p.state(), p.constants(), p.train.Shapes())
	program, err := p.device.PlanSplit(p.step.name(), p.step.build, p.step.splits(), arguments...)
	return program, p.resident() - bytesOf(p.state()) - p.train.Kept(), err
}

// features is the shape of those of n images.
func (p *planner) features(n int) shapes.Shape {
	return shapes.Make(dtypes.Float32, n, p.recipe.Backbone.Features())
}

// planEmbed plans the features of a batch of training images. Beside it lie, at the end,
// those of all images.
func (p *planner) planEmbed() (device.Program, int64, error) {
	params, buffers := p.step.layout.vars.Sizes()
	program, err := p.eval.embedder.Plan(p.vector(params), p.vector(buffers), p.train)
	beside := p.resident() + bytesOf([]shapes.Shape{p.features(p.recipe.TrainImages + p.recipe.TestImages)})
	beside -= bytesOf([]shapes.Shape{p.vector(params), p.vector(buffers)})
	if p.train.Mode() == feed.Resident { // else the program has a batch of them alone
		beside -= p.train.Kept()
	}
	return program, beside, err
}

// planVote plans the vote for a batch of test images. Beside it lie the features as they
// were before they were normalised.
func (p *planner) planVote() (device.Program, int64, error) {
	r := p.recipe
	program, err := r.Eval.Plan(p.device, r.TestImages, r.TrainImages, r.Backbone.Features(), p.eval.classes)
	features := []shapes.Shape{p.features(r.TestImages), p.features(r.TrainImages)}
	return program, p.resident() + bytesOf(features) - bytesOf([]shapes.Shape{p.labels()}), err
}

// bytesOf is how much memory tensors take.
func bytesOf(list []shapes.Shape) int64 {
	var total int64
	for _, shape := range list {
		total += int64(shape.ByteSize())
	}
	return total
}
