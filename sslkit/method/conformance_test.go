package method_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/schedule"
)

// forEachMethod runs a test on every method of the list.
func forEachMethod(t *testing.T, check func(t *testing.T, m method.Method)) {
	for _, m := range method.All() {
		t.Run(method.Name(m), func(t *testing.T) { check(t, m) })
	}
}

// TestMethods checks what every method must do without a graph.
func TestMethods(t *testing.T) {
	var names []string
	forEachMethod(t, func(t *testing.T, m method.Method) {
		if name := method.Name(m); name == "" || slices.Contains(names, name) {
			t.Errorf("name %q is empty or taken", name)
		}
		names = append(names, method.Name(m))
		if crops := m.Views(); crops.Full < 1 || crops.Local < 0 {
			t.Errorf("%+v views", crops)
		}
		if err := m.Validate(backbone.ResNet18()); err == nil {
			t.Error("Validate accepts the zero value: a hyperparameter must not default silently")
		} else if prefix := "method: " + method.Name(m); !strings.HasPrefix(err.Error(), prefix) && !strings.HasPrefix(err.Error(), "head: ") {
			t.Errorf("Validate: %q, want it to begin with the method's name", err)
		}
	})
}

// TestMethodsLearn trains every method for a few steps on the same pictures.
func TestMethodsLearn(t *testing.T) {
	const steps = runSteps
	forEachMethod(t, func(t *testing.T, m method.Method) {
		m, network, c := smallFor(t, m)
		if err := m.Validate(network); err != nil {
			t.Fatal(err)
		}
		losses := func() []float64 {
			r := startRun(t, testkit.Open(t, device.Go), nn.Mode{Precision: device.F32}, m, network, c)
			for _, v := range r.vars.Params() {
				if !isOnline(v.Path) {
					t.Errorf("parameter %q gets gradients, but is not online", v.Path)
				}
			}
			var losses []float64
			for range steps {
				want := r.targetAfterMove(m)
				loss, _ := r.step(t)
				losses = append(losses, loss)
				testkit.Near(t, "target", r.target(), want, 1e-6)
			}
			return losses
		}
		first := losses()
		if !(first[steps-1] < first[0]-0.05) {
			t.Errorf("the loss does not fall: %.4f", first)
		}
		if again := losses(); !slices.Equal(first, again) {
			t.Errorf("two equal runs differ: %v and %v", first, again)
		}
	})
}

// smallFor makes a method of the list small: on a ResNet, or on a transformer if it wants one.
func smallFor(t *testing.T, m method.Method) (method.Method, backbone.Backbone, stepCase) {
	t.Helper()
	build := goldenMethods[method.Name(m)]
	if build == nil {
		t.Fatal("the method is missing in goldenMethods")
	}
	network, c := smallTransformer()
	if m := build(c); m.Validate(backbone.Tiny()) != nil {
		return m, network, c
	}
	resNet, c := small()
	return build(c), resNet, c
}

// small is a network, and the sizes of a case that trains in no time.
func small() (backbone.ResNet, stepCase) {
	network := backbone.ResNet{Width: 4, Blocks: []int{1}, StemReLU: true, Splits: 1}
	c := stepCase{Recipe: "cifar_head", Width: network.Width, Batch: 8, Image: 8}
	c.LR = rates{0.02}
	c.Pixels.Base = firstPixels
	c.Sizes.Hidden, c.Sizes.Out, c.Sizes.PredHidden, c.Sizes.Bank = 8, 8, 8, 32
	c.Sizes.Groups, c.Sizes.Prototypes, c.ResetEvery = 5, 8, 7
	c.Bank = &testkit.Input{Gen: "G", S: 3, Shape: []int{c.Sizes.Bank, c.Sizes.Out}, RowNorm: true}
	c.Sizes.Projection, c.Sizes.Prediction = "linear bn relu linear", "linear bn relu linear(bias)"
	c.Sizes.LocalProjection, c.Sizes.LocalHidden, c.Sizes.LocalOut = "linear ln relu linear(bias)", 8, 8
	return network, c
}

// TestMomentumChanges compares targets whose momentum has a schedule.
func TestMomentumChanges(t *testing.T) {
	network, c := small()
	for _, per := range []schedule.Unit{schedule.Step, schedule.Epoch} {
		momentum := schedule.Schedule{From: 0.5, To: 1, Over: 4, Shape: schedule.Cosine, Per: per}
		byol := goldenMethods["BYOL"](c).(method.BYOL)
		moco := goldenMethods["MoCo"](c).(method.MoCo)
		byol.Momentum, moco.Momentum = momentum, momentum
		for _, m := range []method.Method{byol, moco} {
			if err := m.Validate(network); err != nil {
				t.Fatal(err)
			}
			r := startRun(t, testkit.Open(t, device.Go), nn.Mode{Precision: device.F32}, m, network, c)
			for step := range 5 {
				before, want := r.target(), r.targetAfterMove(m)
				r.step(t)
				testkit.Near(t, at(method.Name(m)+": target", step), r.target(), want, 1e-6)
				if moves := !slices.Equal(before, want); moves == (step == 0 || step >= 3) {
					t.Errorf("%s: step %d: whether the target moves is %t", method.Name(m), step, moves)
				}
			}
		}
	}
}

// TestMomentumValidates refuses targets that never move, or jump.
func TestMomentumValidates(t *testing.T) {
	network, c := small()
	m := goldenMethods["BYOL"](c).(method.BYOL)
	for want, momentum := range map[string]schedule.Schedule{
		"momentum 1, want":   schedule.Constant(1),
		"momentum 0, want":   {},
		"momentum 1.5, want": schedule.Constant(1.5),
		"momentum linear from 0.9 to 1.1 per step, want": {From: 0.9, To: 1.1, Shape: schedule.Linear, Per: schedule.Step},
		"momentum: schedule: per is":                     {From: 0.9, To: 1, Shape: schedule.Linear},
	} {
		m.Momentum = momentum
		if err := m.Validate(network); err == nil || !strings.Contains(err.Error(), "method: BYOL: "+want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// target is all parameters of the target network.
func (r *run) target() []float64 {
	var flat []float64
	for _, v := range r.vars.Buffers() {
		if strings.HasPrefix(v.Path, "target/") && !isStatistic(v) {
			flat = append(flat, r.buffers()[v.Offset:v.Offset+v.Size()]...)
		}
	}
	return flat
}

// targetAfterMove is what the target must be after the next step: it moves
// towards the online network as that is now, or is a copy of it after a pause.
func (r *run) targetAfterMove(m method.Method) []float64 {
	target := r.target()
	if len(target) == 0 {
		return nil
	}
	if mixing, ok := m.(method.UnMix); ok {
		m = mixing.Base
	}
	fields, moves := reflect.ValueOf(m), 1
	scheduled, ok := fields.FieldByName("Momentum").Interface().(schedule.Schedule)
	if !ok {
		r.t.Fatalf("%T has a target, but no schedule Momentum", m)
	}
	if field := fields.FieldByName("Moves"); field.IsValid() {
		moves = int(field.Int())
	}
	if p, ok := m.(method.Pauser); ok && p.Pauses(r.made) {
		scheduled = schedule.Constant(0)
	}
	momentum := scheduled.Value(r.made, runSteps)
	params, at := r.params(), 0
	for _, v := range r.vars.Buffers() {
		name, ok := strings.CutPrefix(v.Path, "target/")
		if !ok || isStatistic(v) {
			continue
		}
		online := testkit.Part(r.t, r.vars.Params(), params, "online/"+name)
		for i := range online {
			for range moves {
				target[at+i] = momentum*target[at+i] + (1-momentum)*online[i]
			}
		}
		at += len(online)
	}
	return target
}

// fillFields sets all fields to values other than zero.
func fillFields(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fillFields(v.Field(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			fillFields(v.Index(i))
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(3)
	case reflect.Float64:
		v.SetFloat(0.1)
	case reflect.String:
		v.SetString("x")
	case reflect.Interface: // the method that another one changes
		base := reflect.New(reflect.TypeFor[method.MoCo]()).Elem()
		fillFields(base)
		v.Set(base)
	default:
		panic("fillFields: hyperparameter of kind " + v.Kind().String())
	}
}

func TestJSON(t *testing.T) {
	forEachMethod(t, func(t *testing.T, m method.Method) {
		full := reflect.New(reflect.TypeOf(m)).Elem()
		fillFields(full)
		want := full.Interface().(method.Method)
		text, err := method.Types.Write(want)
		if err != nil {
			t.Fatal(err)
		}
		if prefix := `{"` + method.Name(m) + `":{`; !strings.HasPrefix(string(text), prefix) {
			t.Errorf("JSON %s does not begin with %s", text, prefix)
		}
		for _, key := range []string{`:0,`, `:0}`, `:""`, `:false`, `:null`} {
			if strings.Contains(string(text), key) {
				t.Errorf("JSON %s loses a value", text)
			}
		}
		got, err := method.Types.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("read back %+v, want %+v", got, want)
		}
	})
}
