// Package backbone holds the networks whose features self-supervised methods
// train: what is kept when a projection head is thrown away.
//
// A [ResNet] is a value: [ResNet18] for small images, [ResNet18Large] for
// larger ones, [Tiny] for CPUs, and whatever you change in a copy. A network of
// your own is a type with the methods of [Backbone], see [Register]; if it is a
// list of layers, see [Listed], its weights can be exported, too.
package backbone

import (
	"encoding/json"
	"fmt"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/internal/named"
	"github.com/gossl/gossl/sslkit/nn"
)

// A Backbone is a network that makes features of images. Its exported fields
// say what network it is: they are what recipes hold of it.
type Backbone interface {
	// Forward returns the features of x, [batch, height, width, 3], as
	// [batch, Features()], at least float32.
	nn.Net

	// Features is the number of features of an image.
	Features() int

	// Shrunk returns the smallest network of the same kind that is worth
	// running, for tests and dry runs.
	Shrunk() Backbone

	// Validate reports the first field that makes no sense.
	Validate() error
}

// A Splitter is a backbone whose batch norms take their statistics over parts of
// the batch, as [nn.SplitBatchNorm] does.
type Splitter interface {
	Backbone

	// Parts is how many parts there are: batches are multiples of it.
	Parts() int

	// Joined returns the network with one part, as evaluation has it. Each running
	// statistic of its is the mean of those of the parts.
	Joined() Backbone
}

// Parts is how many parts of a batch have statistics of their own in a backbone: 1,
// unless it is a [Splitter].
func Parts(b Backbone) int {
	if s, ok := b.(Splitter); ok {
		return s.Parts()
	}
	return 1
}

// A Mapped backbone makes its features of a map of the image, which it can show.
type Mapped interface {
	Backbone

	// Map returns what the network sees in each part of the image,
	// [batch, rows, columns, channels], in the mode's precision.
	Map(scope *nn.Scope, x *graph.Node) *graph.Node

	// Pool returns the features of a map: Forward is Pool of Map, in the same scope.
	Pool(scope *nn.Scope, m *graph.Node) *graph.Node
}

// A Describer is a backbone that says in words what it is.
type Describer interface {
	Backbone
	Describe() string // in a line, "ResNet-18 of width 64, …"
}

// Describe says in a line what a backbone is: in its own words, if it is a
// [Describer], else by its name and its fields.
func Describe(b Backbone) string {
	if b == nil {
		return "no backbone"
	}
	if d, ok := b.(Describer); ok {
		return d.Describe()
	}
	text, err := json.Marshal(b)
	if err != nil {
		return Name(b)
	}
	return fmt.Sprintf("%s %s", Name(b), text)
}

// All lists a value of every backbone.
func All() []Backbone { return []Backbone{ResNet{}, ViT{}} }

// Types are the backbones that can be written and read by name.
var Types = named.New(All)

// Register makes a backbone of the program's own known, so that what is written
// with its name can be read back: recipes, and the folders of its runs. Backbones
// of this package need no registration. In a notebook it stands beside the type:
//
//	var _ = backbone.Register(Mine{})
//
// It returns the backbone. It panics if another backbone has the name.
func Register(b Backbone) Backbone { return Types.Register(b) }

// Name is a backbone's name: that of its type.
func Name(b Backbone) string { return named.Name(b) }
