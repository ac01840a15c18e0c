package loss

import (
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/op"
)

// DINO returns the cross entropy of each teacher view's centred and sharpened
// distribution with every other student view's.
//
//	teacher  each [batch, dim]  outputs of the target network; view i of both is the same
//	student  each [batch, dim]  outputs of the online network, local views last
//	center   [dim]              see [DINOCenter]
//	teacherTemperature  scalar of any float type, positive: it may be of a schedule
//	result   scalar, at least float32
//
// It is the mean over all pairs of different views of the batch's mean
// −Σ softmax((t − center)/teacherTemperature)·log softmax(s/studentTemperature).
// The teacher's side is constant.
//
// Caron et al., Emerging Properties in Self-Supervised Vision Transformers,
// 2021, arXiv:2104.14294, eq. 3 and algorithm 1. It panics if there are fewer
// than two student views or no teacher views, if there are more teacher than
// student views, if shapes differ, or if the student's temperature is not positive.
func DINO(teacher, student []*graph.Node, center, teacherTemperature *graph.Node, studentTemperature float64) *graph.Node {
	if len(student) < 2 || len(teacher) == 0 || len(teacher) > len(student) {
		panic(fmt.Errorf("loss: DINO: %d student and %d teacher views, want at least 2 student views and 1 to %[1]d teacher views",
			len(student), len(teacher)))
	}
	if !teacherTemperature.IsScalar() {
		panic(fmt.Errorf("loss: DINO: teacher temperature has shape %s, want a scalar", teacherTemperature.Shape()))
	}
	wantPositive("DINO", "student temperature", studentTemperature)
	for _, view := range append(student[1:len(student):len(student)], teacher...) {
		wantAlike("DINO", "student view 0", student[0], "another view", view)
	}
	wantCenter("DINO", center, student[0])
	targets := make([]*graph.Node, len(teacher))
	for i, t := range teacher {
		targets[i] = DINOTarget(t, center, teacherTemperature)
	}
	return crossEntropies(targets, student, studentTemperature)
}

// DINOTarget returns the distribution that [DINO] makes of a teacher's outputs.
//
//	teacher      [batch, dim]
//	center       [dim]
//	temperature  scalar
//	result       [batch, dim], constant; rows sum to 1; at least float32
func DINOTarget(teacher, center, temperature *graph.Node) *graph.Node {
	wantCenter("DINOTarget", center, teacher)
	t := op.Widen(teacher)
	centred := graph.Sub(t, graph.ExpandLeftToRank(graph.ConvertDType(center, t.DType()), 2)) // [batch, dim]
	return graph.StopGradient(graph.Softmax(graph.Div(centred, graph.ConvertDType(temperature, t.DType()))))
}

// DINOCenter returns the centre after a step: the moving average of the teacher's
// outputs, momentum·center + (1 − momentum)·their mean. It starts at 0 and is
// moved after the loss.
//
//	center   [dim]
//	teacher  each [batch, dim]
//	result   [dim], in the center's type; constant
//
// Caron et al., Emerging Properties in Self-Supervised Vision Transformers,
// 2021, arXiv:2104.14294, eq. 4. It panics if there is no view, if views differ
// in shape or have rows of another length than the center.
func DINOCenter(center *graph.Node, teacher []*graph.Node, momentum float64) *graph.Node {
	if len(teacher) == 0 {
		panic(fmt.Errorf("loss: DINOCenter: no views, want at least 1"))
	}
	wantCenter("DINOCenter", center, teacher[0])
	for _, view := range teacher {
		wantAlike("DINOCenter", "view 0", teacher[0], "another view", view)
	}
	all := op.Widen(graph.Concatenate(teacher, 0))                       // [views·batch, dim]
	mean := graph.ConvertDType(graph.ReduceMean(all, 0), center.DType()) // [dim]
	moved := graph.Add(graph.MulScalar(center, momentum), graph.MulScalar(mean, 1-momentum))
	return graph.StopGradient(moved)
}

func wantCenter(function string, center, view *graph.Node) {
	if view.Rank() != 2 || center.Rank() != 1 || center.Shape().Dim(0) != view.Shape().Dim(1) {
		panic(fmt.Errorf("loss: %s: center has shape %s and a view %s, want [dim] and [batch, dim]", function, center.Shape(), view.Shape()))
	}
}
