// Package method holds the self-supervised methods: how the augmented views of
// a batch become one training loss.
//
// [SimCLR], [MoCo], [SimSiam], [BarlowTwins] and [BYOL] are structs; their
// fields are the papers' hyperparameters. Each is a [Method], whose Loss builds
// one step of backbone, heads and loss. A new method is a type like them, and a
// line in [All].
package method

import (
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/internal/named"
	"github.com/gossl/gossl/sslkit/nn"
)

// A Method turns augmented views of a batch into a training loss. Its exported
// fields are its hyperparameters.
type Method interface {
	// Loss builds one step on the views, each [batch, height, width, channels].
	// The variables in scope "online" are trained, and the backbone's are in
	// "online/backbone", where evaluation looks for them; those in "target" follow
	// them, see [nn.Scope.Target]. Loss panics on shapes that cannot work.
	Loss(scope *nn.Scope, backbone nn.Net, views []*graph.Node) Output

	// Views is the number of views that Loss wants.
	Views() int

	// Collapsed is the loss where all images have the same embedding: where
	// training that has failed stands still.
	Collapsed(batch int) float64

	// Validate reports the first hyperparameter that makes no sense.
	Validate() error
}

// An Output is what one step computes.
type Output struct {
	Loss      *graph.Node // scalar
	Embedding *graph.Node // [batch, dim], of view 0: what the loss compares
}

// All lists a value of every method, in the order of tables.
func All() []Method {
	return []Method{
		MoCo{},
		SimCLR{},
		SimSiam{},
		BarlowTwins{},
		BYOL{},
		DCL{},
		DCLW{},
	}
}

// Types are the methods that can be written and read by name.
var Types = named.New(All)

// Register makes a method of the program's own known, so that what is written
// with its name can be read back: recipes, and the folders of its runs. Methods
// of this package need no registration. In a notebook it stands beside the type:
//
//	var _ = method.Register(Mine{})
//
// It returns the method. It panics if another method has the name.
func Register(m Method) Method { return Types.Register(m) }

// Name is a method's name as its paper spells it.
func Name(m Method) string { return named.Name(m) }

// Features builds the backbone whose features a method trains. Evaluation uses
// it on images, a method on its views.
func Features(scope *nn.Scope, backbone nn.Net, x *graph.Node) *graph.Node {
	return backbone.Forward(scope.In("online").In("backbone"), x)
}
