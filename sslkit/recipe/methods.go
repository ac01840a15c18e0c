package recipe

import (
	"strings"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/method"
)

// added are the methods' recipes by name. Each is added where it stands.
var added = map[string]entry{}

func add(e entry) bool {
	added[e.name] = e
	return true
}

// entries are the methods' recipes, in the order of tables.
func entries() []entry {
	var all []entry
	for _, m := range method.All() {
		if e, ok := added[method.Name(m)]; ok {
			all = append(all, e)
		}
	}
	return all
}

// An entry has the recipes of a method, as what they change of what all recipes of
// a preset, or all those on Shapes, have in common.
type entry struct {
	name      string          // the method's
	paper     string          // on arXiv, by its number there, or its address
	idea      string          // what it learns by
	benchmark func(r *Recipe) // as of lightly2023, on CIFAR-10 or ImageNette; leaves Method nil where there is no recipe; nil where the method joined later
	in2021    func(r *Recipe) // what seed2021 had instead; nil where the method joined later
	since2023 func(r *Recipe) // what lightlyHEAD changes of that, or all that it has; nil for nothing
	best      func(r *Recipe) // what best has instead; nil for nothing
	shapes    func(r *Recipe)
	results   []result
}

// A result is what was published for a run: kNN accuracy, GiB of memory, minutes;
// 0 is what a table does not give. Every number is of a single run, and accuracy is
// the best of all epochs. Repeated runs of theirs differ by up to 0.006 on CIFAR-10
// and 0.018 on ImageNette.
//
// Of 2021's runs only round times are known: about 3 hours for 200 epochs on
// CIFAR-10, 4 hours for 800 epochs on ImageNette.
type result struct {
	preset                  Preset
	data                    dataset.Name
	batch, epochs           int
	knn, memoryGiB, minutes float64
}

// The GPUs of the published runs.
const (
	v100  = "NVIDIA V100"
	a6000 = "NVIDIA A6000"
)

// published is what was published for the method's recipe of a preset.
func (e entry) published(r Recipe) Expect {
	hardware := a6000
	if r.Preset == Seed2021 {
		hardware = v100
	}
	for _, row := range e.results {
		if row.preset == r.Preset && row.data == r.Data && row.batch == r.Batch && row.epochs == r.Epochs {
			return Expect{KNN: row.knn, MemoryGiB: row.memoryGiB, Minutes: row.minutes, Hardware: hardware}
		}
	}
	return Expect{}
}

// methods lists the names of all methods.
func methods() []string {
	var names []string
	for _, e := range entries() {
		names = append(names, e.name)
	}
	return names
}

// An About says what a method is.
type About struct {
	Name  string // as in [Recipe]
	Idea  string // what it learns by, in a few words
	Paper string // address of the paper
}

// Methods lists all methods, in the order of tables.
func Methods() []About {
	var all []About
	for _, e := range entries() {
		address := e.paper
		if !strings.Contains(address, "/") {
			address = "https://arxiv.org/abs/" + e.paper
		}
		all = append(all, About{e.name, e.idea, address})
	}
	return all
}
