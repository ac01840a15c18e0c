// Package method holds the self-supervised methods: how the augmented views of
// a batch become one training loss.
//
// A method is a struct with its paper's name, such as [SimCLR]; its fields are the
// paper's hyperparameters. Each is a [Method], whose Loss builds one step of
// backbone, heads and loss. A new method is a type like them, and a line in [All].
package method

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/internal/named"
	"github.com/gossl/gossl/sslkit/nn"
)

// A Method turns augmented views of a batch into a training loss. Its exported
// fields are its hyperparameters.
type Method interface {
	// Views is how many views Loss wants.
	Views() Crops

	// Loss builds one step. The variables in scope "online" are trained, and the
	// backbone's are in "online/backbone", where evaluation looks for them; those
	// in "target" follow them, see [nn.Scope.Target]. Loss panics on shapes that
	// cannot work.
	Loss(step Step) Output

	// Validate reports the first hyperparameter that makes no sense, alone or with
	// the backbone.
	Validate(net backbone.Backbone) error
}

// Crops is how many views of each kind a method compares.
type Crops struct {
	Full  int // at least one: images are evaluated as the first one sees them
	Local int // smaller ones, of small parts of the image
}

// Count is the number of all views.
func (c Crops) Count() int { return c.Full + c.Local }

// A Step is what a method builds one training step of. Clock and random keys are
// the scope's: [nn.Scope.Clock] and [nn.Scope.Key].
type Step struct {
	Scope       *nn.Scope
	Backbone    backbone.Backbone
	Full, Local []*graph.Node // the views, each [batch, height, width, channels]

	// Places tells where all views, the full ones first, lie in their images, for the
	// methods that ask. Nil if views are not known to be drawn of images.
	Places func() []augment.Place

	mixture *mixture // nil: there is none; see [Step.Mix]
}

// NewStep returns a method's step on views, the full ones first. It panics if
// they are not as many as the method wants.
func NewStep(m Method, scope *nn.Scope, net backbone.Backbone, views []*graph.Node) Step {
	crops := m.Views()
	if len(views) != crops.Count() {
		panic(fmt.Errorf("method: %s: %d views, want %d full and %d local ones", Name(m), len(views), crops.Full, crops.Local))
	}
	return Step{Scope: scope, Backbone: net, Full: views[:crops.Full], Local: views[crops.Full:]}
}

// An Output is what one step computes.
type Output struct {
	Loss      *graph.Node // scalar
	Embedding *graph.Node // [batch, dim], of view 0: what the loss compares

	// Meters are further scalars to watch, by name. Their means over the steps are
	// kept with each epoch and drawn as curves. A method has the same ones in every
	// step; nil for none.
	Meters map[string]*graph.Node
}

// Check reports what no run can use of an output: a loss or a meter that is no
// scalar, an embedding that is no matrix.
func (o Output) Check() error {
	if o.Loss == nil || !o.Loss.IsScalar() || !o.Loss.DType().IsFloat() {
		return fmt.Errorf("Output.Loss is %s, want a scalar float", shape(o.Loss))
	}
	if o.Embedding == nil || o.Embedding.Rank() != 2 {
		return fmt.Errorf("Output.Embedding is %s, want [batch, dim]", shape(o.Embedding))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Meters)) {
		if x := o.Meters[name]; name == "" || x == nil || !x.IsScalar() {
			return fmt.Errorf("Output.Meters[%q] is %s, want a name and a scalar", name, shape(x))
		}
	}
	return nil
}

func shape(x *graph.Node) string {
	if x == nil {
		return "nil"
	}
	return x.Shape().String()
}

// A Collapser is a method that knows its loss where all images have the same
// embedding. Training is then watched for it; methods need not know.
type Collapser interface {
	Collapsed(batch int) Collapse
}

// Collapse is what a loss is where all images have the same embedding.
type Collapse struct {
	Loss float64 // where training that has failed stands still

	// Start says that training begins near that loss and goes away from it, as
	// contrastive losses do. Others come near it as they learn, so that the loss
	// alone does not tell whether a run has collapsed.
	Start bool
}

// A Watcher is a method that knows by which of its meters one sees that training has
// failed, where neither the spread of the embeddings nor the loss tells.
type Watcher interface {
	Watched() []Watch
}

// A Watch is a meter with the least or the most that it has in a healthy epoch.
type Watch struct {
	Meter   string // one of Output.Meters
	Least   float64
	Most    float64 // 0 is no limit
	Failure string  // what is wrong beyond it, in a few words
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
		NNCLR{},
		FastSiam{},
		DINO{},
		SwaV{},
		SwaVQueue{},
		SMoG{},
		TiCo{},
		VICReg{},
		VICRegL{},
		FroSSL{},
		MAE{},
		SimMIM{},
		MSN{},
		PMSN{},
		MoCoV3{},
		All4One{},
		UnMix{},
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

// BackbonePath is where a model's scope has the backbone that a method trains.
const BackbonePath = "online/backbone"

// Features builds the backbone whose features a method trains. Evaluation uses
// it on images, a method on its views.
func Features(scope *nn.Scope, net nn.Net, x *graph.Node) *graph.Node {
	return net.Forward(scope.In(BackbonePath), x)
}

// A TargetEvaluated is a method whose features are those of the backbone in its
// target network, not in the trained one: evaluation takes them.
type TargetEvaluated interface {
	Method
	OfTarget()
}

// EvaluatedPath is where a model's scope has the backbone that runs of a method are
// evaluated by. Without a method it is [BackbonePath].
func EvaluatedPath(m Method) string {
	if _, ok := m.(TargetEvaluated); ok {
		return "target/backbone"
	}
	return BackbonePath
}

// Evaluated builds that backbone.
func Evaluated(scope *nn.Scope, m Method, net nn.Net, x *graph.Node) *graph.Node {
	if _, ok := m.(TargetEvaluated); ok {
		return net.Forward(scope.TargetAsItIs().In("backbone"), x)
	}
	return Features(scope, net, x)
}
