package method

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/head"
	"github.com/gossl/gossl/sslkit/loss"
	"github.com/gossl/gossl/sslkit/nn"
	"github.com/gossl/gossl/sslkit/op"
	"github.com/gossl/gossl/sslkit/schedule"
)

// DINO teaches the trained network, the student, to tell of every view what a
// teacher, its moving average, tells of the full ones: a distribution over prototypes.
// The teacher's is centred and sharpened, against the two ways to collapse.
//
// The head is the projector, whose rows are normalised (the bottleneck), and a layer of
// prototypes of length 1 without bias (weight norm with g = 1).
//
// Its meters: "teacher entropy" is that of the teacher's distributions, in nats, ln
// Prototypes if they have become uniform; "teacher mean entropy" is that of their mean,
// which falls to 0 where one prototype gets all images; "teacher KoLeo" is [loss.KoLeo] of
// the teacher's bottleneck, which rises where images move together.
//
// Caron et al., Emerging Properties in Self-Supervised Vision Transformers, 2021,
// arXiv:2104.14294, sec. 3.1 and algorithm 1.
type DINO struct {
	Projector          head.MLP          `json:"projector"`  // up to the bottleneck
	Prototypes         int               `json:"prototypes"` // dimensions of the output
	Local              int               `json:"local"`      // small views, which only the student sees
	StudentTemperature float64           `json:"student_temperature"`
	TeacherTemperature schedule.Schedule `json:"teacher_temperature"`
	CenterMomentum     float64           `json:"center_momentum"` // weight that the centre keeps in a step
	Momentum           schedule.Schedule `json:"momentum"`        // weight that the teacher keeps in a move

	// DrawTeacher gives the teacher's head weights of its own at first, as lightly's
	// benchmarks do. The paper's starts as a copy.
	DrawTeacher bool `json:"draw_teacher"`
}

var _ Method = DINO{}

// Views is two full ones, and Local.
func (m DINO) Views() Crops { return Crops{Full: 2, Local: m.Local} }

// Collapsed is ln Prototypes: both networks tell of every image that all are alike.
func (m DINO) Collapsed(int) Collapse {
	return Collapse{Loss: math.Log(float64(m.Prototypes)), Start: true}
}

// Validate reports the first hyperparameter that makes no sense.
func (m DINO) Validate(backbone.Backbone) error {
	if err := temperature("DINO", m.StudentTemperature); err != nil {
		return err
	}
	if err := m.TeacherTemperature.Validate(); err != nil {
		return fmt.Errorf("method: DINO: teacher_temperature: %w", err)
	}
	if least, _ := m.TeacherTemperature.Bounds(); !(least > 0) {
		return fmt.Errorf("method: DINO: teacher_temperature %s, want a positive one", m.TeacherTemperature)
	}
	if !(m.CenterMomentum >= 0 && m.CenterMomentum < 1) {
		return fmt.Errorf("method: DINO: center_momentum %g, want one in [0, 1)", m.CenterMomentum)
	}
	if err := prototypes("DINO", m.Prototypes, m.Local); err != nil {
		return err
	}
	if err := target("DINO", m.Momentum, 1); err != nil {
		return err
	}
	return part("DINO", "projector", m.Projector)
}

// Loss is [loss.DINO] of the teacher's outputs of the full views and the student's of
// all. The centre moves after it.
func (m DINO) Loss(step Step) Output {
	online := step.Scope.In("online")
	z, student := m.outputs(step, online, online.In("projector"), slices.Concat(step.Full, step.Local))

	network := step.Scope.Target(m.Momentum.In(step.Scope))
	head := network.In("projector")
	if m.DrawTeacher {
		head = head.Redrawn()
	}
	teacherZ, teacher := m.outputs(step, network, head, step.Full)
	for i := range teacher {
		teacher[i] = graph.StopGradient(teacher[i])
	}

	temperature := m.TeacherTemperature.In(step.Scope)
	center := step.Scope.Buffer("center", nn.Constant(0), m.Prototypes)
	step.Scope.SetBuffer("center", loss.DINOCenter(center, teacher, m.CenterMomentum))
	told := make([]*graph.Node, len(teacher)) // the loss makes the same of them, and XLA makes each once
	for i := range told {
		told[i] = loss.DINOTarget(teacher[i], center, temperature)
	}
	all := graph.Concatenate(told, 0) // [2·batch, Prototypes]
	return Output{
		Loss:      loss.DINO(teacher, student, center, temperature, m.StudentTemperature),
		Embedding: z[0],
		Meters: map[string]*graph.Node{
			"teacher entropy":      graph.ReduceAllMean(loss.Entropy(all)),
			"teacher mean entropy": loss.Entropy(graph.ReduceMean(all, 0)),
			"teacher KoLeo":        loss.KoLeo(graph.StopGradient(teacherZ[0])),
		},
	}
}

// Watched says where the teacher gives most images the same few prototypes: less than
// 2.5 nats, or half of ln Prototypes where there are few. On Shapes epochs have 4.7 to 5.1
// of 5.5 nats, 0.9 to 1.7 without centring. And it says where images lie as near to each
// other as e^-3.3: there KoLeo is 2.0 to 2.4, and 3.8 to 4.5 with ten times the rate.
func (m DINO) Watched() []Watch {
	return []Watch{{
		Meter: "teacher mean entropy", Least: min(2.5, math.Log(float64(m.Prototypes))/2),
		Failure: "most images have the same few prototypes",
	}, {
		Meter: "teacher KoLeo", Most: 3.3,
		Failure: "images have nearly the same embedding as their neighbours",
	}}
}

// outputs are what a network, the online one or its target, makes of views.
//
//	z        [batch, bottleneck] each, rows of length 1
//	outputs  [batch, prototypes] each
func (m DINO) outputs(step Step, network, head *nn.Scope, views []*graph.Node) (z, outputs []*graph.Node) {
	z = bottlenecks(step, network, head, m.Projector, views)
	directions := unitColumns(head.In("last").Param("weight", nn.UniformFanIn(m.Projector.Out), m.Projector.Out, m.Prototypes))
	for _, rows := range z {
		outputs = append(outputs, op.MatMul(rows, directions))
	}
	return z, outputs
}
