package train

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gomlx/gomlx/pkg/core/tensors"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
)

// What is planned has the shapes of what would run, after a pause of the method, too.
func TestPlanHasTheShapesOfARun(t *testing.T) {
	for _, name := range []string{"MoCo", "SMoG"} {
		t.Run(name, func(t *testing.T) { checkPlannedShapes(t, name) })
	}
}

func checkPlannedShapes(t *testing.T, name string) {
	r, err := recipe.Shapes(name)
	if err != nil {
		t.Fatal(err)
	}
	first := nextPause(r, 0) // none: after the last step
	if (first < r.Epochs*r.Steps()) != (name == "SMoG") {
		t.Fatalf("the first pause is before step %d", first)
	}
	r = recipe.Quick(r)
	about, _ := dataset.About(r.Data)
	run := &trainer{recipe: r, result: &Result{Recipe: r}}
	defer run.free()
	data := &dataset.Set{Train: noise(r.TrainImages, about.Height, about.Width), Test: noise(r.TestImages, about.Height, about.Width)}
	data.Train.Classes, data.Test.Classes = about.Classes, about.Classes
	if err := run.prepare(t.Context(), Options{Device: testkit.XLA(t).Kind, Data: data}); err != nil {
		t.Fatal(err)
	}
	in, err := run.epochInput(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer in.free()
	if err := run.pause(t.Context(), first); err != nil || (run.paused > 0) != (name == "SMoG") {
		t.Fatalf("paused for %g s, error %v", run.paused, err)
	}
	var want, got []string
	for _, field := range run.state.fields() {
		want = append(want, (*field)[0].Shape().String())
	}
	constants, err := in.next()
	if err != nil {
		t.Fatal(err)
	}
	for _, argument := range constants[0] {
		want = append(want, argument.(*tensors.Tensor).Shape().String())
	}
	p, err := newPlanner(r, run.device)
	if err != nil {
		t.Fatal(err)
	}
	for _, shape := range slices.Concat(p.state(), p.constants(), p.train.Shapes()) {
		got = append(got, shape.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("arguments of the step (-run +plan):\n%s", diff)
	}

	features, err := run.eval.embedder.Embed(t.Context(), run.state.params[0], run.state.buffers[0], run.train)
	if err != nil {
		t.Fatal(err)
	}
	defer features.MustFinalizeAll()
	if got, want := p.features(r.TrainImages), features.Shape(); !got.Equal(want) {
		t.Errorf("planned features %s, want %s", got, want)
	}
	if !run.eval.labels[0].Shape().Equal(p.labels()) {
		t.Errorf("planned labels %s, want %s", p.labels(), run.eval.labels[0].Shape())
	}
}

// Of a small run's programs those are planned that were asked for, in their order, unless the run has none.
func TestPlan(t *testing.T) {
	testkit.Target(t, "h100")
	r, err := recipe.Shapes("SimCLR")
	if err != nil {
		t.Fatal(err)
	}
	r = recipe.Quick(r)
	target := device.Targets()[0]
	var heard, names []string
	p, err := Plan(t.Context(), r, target, func(program string) { heard = append(heard, program) }, "vote", "embed")
	if err != nil {
		t.Fatal(err)
	}
	var most int64
	for _, program := range p.Programs {
		names = append(names, program.Name)
		most = max(most, program.Memory.Peak)
		if program.Kernels == 0 || program.Memory.Arguments == 0 {
			t.Errorf("planned %+v", program)
		}
	}
	if want := []string{"embed", "vote"}; !slices.Equal(names, want) || !slices.Equal(heard, want) {
		t.Errorf("planned %v, told of %v, want %v", names, heard, want)
	}
	if p.Peak <= most || p.Peak > most+p.Resident+1<<20 {
		t.Errorf("the run's peak is %d, those of its programs %d at most, and %d are resident", p.Peak, most, p.Resident)
	}
	r.Eval = eval.KNN{}
	if p, err = Plan(t.Context(), r, target, nil, "embed", "vote"); err != nil || len(p.Programs) != 0 {
		t.Errorf("a run without evaluation: %+v, %v", p, err)
	}
}

// What eight devices exchange in a step is little, and in few pieces: the statistics of each
// batch norm, once forward and once backward, with which the gradients go; or, where each
// device has statistics of its own, all gradients at once. Beside that they send each other
// embeddings, for the negatives, and, where each has a part of the images, those of the batch.
func TestPlanOfSeveral(t *testing.T) {
	const devices, norms = 8, 9 + 2 // of the network, and of the projection head
	target := device.Targets()[0]
	testkit.Target(t, target.Name)
	target.Devices = devices
	for _, c := range []struct {
		parts, allReduces int
		divided           bool // the images
	}{
		{1, 2 * norms, false},
		{devices, 3, true},
	} {
		r, err := recipe.Shapes("SimCLR")
		if err != nil {
			t.Fatal(err)
		}
		r.Batch, r.Backbone, r.NormParts = 16*devices, r.Backbone.Shrunk(), c.parts
		moved := int64(5 * 4 * 2 * r.Batch * r.Method.(method.SimCLR).Projector.Out) // embeddings, and what is made of them
		about, _ := dataset.About(r.Data)
		pixels := int64(3 * about.Height * about.Width)
		if c.divided {
			target.Memory = 2 * pixels * int64(r.TrainImages) // of which images may take 3/8
			moved += pixels * int64(r.Batch)
		}
		d, err := target.Open()
		if err != nil {
			t.Fatal(err)
		}
		p, err := newPlanner(r, d)
		if err != nil {
			t.Fatal(err)
		}
		step, _, err := p.planStep()
		p.free()
		if err != nil {
			t.Fatal(err)
		}
		if images := p.train.Kept(); (images < pixels*int64(r.TrainImages)) != c.divided || step.Memory.Arguments > images+1e6 {
			t.Errorf("%d bytes of images on each device, %+v, want them divided: %t", images, step.Memory, c.divided)
		}
		params, _ := p.step.layout.vars.Sizes()
		checkExchange(t, step.Collectives, c.allReduces, int64(4*params), moved)
	}
}

// checkExchange checks collectives: at most so many all-reduces, of the gradients' bytes and a
// little more, and few others, that move at most so many bytes.
func checkExchange(t *testing.T, list []device.Collectives, allReduces int, gradients, moved int64) {
	t.Helper()
	var reduces, others device.Collectives
	for _, c := range list {
		kind := &others
		if c.Kind == "all-reduce" {
			kind = &reduces
		}
		kind.Count += c.Count
		kind.Bytes += c.Bytes
	}
	if reduces.Count > allReduces || reduces.Bytes < gradients || reduces.Bytes > gradients+gradients/5 {
		t.Errorf("%+v: %d bytes in %d all-reduces, want the gradients' %d and a little more in at most %d", list, reduces.Bytes, reduces.Count, gradients, allReduces)
	}
	if others.Count > 12 || others.Bytes > moved {
		t.Errorf("%+v: %d bytes in %d others, want at most %d in 12", list, others.Bytes, others.Count, moved)
	}
}

func TestPlanErrors(t *testing.T) {
	testkit.Target(t, "h100")
	r, err := recipe.Shapes("SimCLR")
	if err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, c := range []struct {
		ctx    context.Context
		change func(*recipe.Recipe)
		want   string
	}{
		{t.Context(), func(r *recipe.Recipe) { r.Batch = 1 }, "batch is 1"},
		{t.Context(), func(r *recipe.Recipe) { r.Data = "photos" }, `data set "photos"`},
		{stopped, func(*recipe.Recipe) {}, "context canceled"},
	} {
		bad := r
		c.change(&bad)
		if _, err := Plan(c.ctx, bad, device.Targets()[0], nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
	if _, err := Plan(t.Context(), r, device.Targets()[0], nil, "steps"); err == nil || !strings.Contains(err.Error(), `program "steps": want some of step, embed, vote`) {
		t.Errorf("error %v, want the programs there are", err)
	}
}
