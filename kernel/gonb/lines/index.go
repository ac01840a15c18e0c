package lines

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/gossl/gossl/kernel/gonb"
)

// Index holds the cells whose declarations can be in main.go.
type Index struct {
	// Cells are in the order in which they were added: of equal declarations the
	// last counts.
	Cells []Cell `json:"cells"`
	Next  int    `json:"next"` // ID

	declares [][]string // what each cell declares; nil for an index just read
}

// Cell is what GoNB was given of a cell.
type Cell struct {
	ID     int    `json:"id"`     // in positions; it stays when the cell is executed again
	Number int    `json:"number"` // of its last execution
	Code   string `json:"code"`
	Failed bool   `json:"failed,omitempty"` // it was not built, so GoNB does not remember it
}

// spare is how many cells are kept although later ones replace all that they
// declare: the later ones may not build, and GoNB then keeps the old text.
const spare = 50

// NewIndex returns an index without cells.
func NewIndex() *Index { return &Index{Next: 1} }

// Add records the declarations of a cell, as rewritten for GoNB, and returns the
// file name that stands for it in positions. Code that was there before keeps its
// name, so that main.go stays the same and need not be built again.
func (x *Index) Add(number int, code string) string {
	x.describe()
	c, declares := Cell{Number: number, Code: code}, []string(nil)
	if i := slices.IndexFunc(x.Cells, func(old Cell) bool { return old.Code == code }); i >= 0 {
		c.ID, declares = x.Cells[i].ID, x.declares[i]
		x.drop(i)
	} else {
		c.ID, declares = x.Next, keys(code)
		x.Next++
	}
	x.Cells, x.declares = append(x.Cells, c), append(x.declares, declares)
	x.prune()
	return fileName(c.ID)
}

// Built says how the build of the cell that was added last ended.
func (x *Index) Built(ok bool) {
	if n := len(x.Cells); n > 0 {
		x.Cells[n-1].Failed = !ok
	}
}

// number is the number by which the user knows a cell; the ID's own for one that is gone.
func (x *Index) number(id int) int {
	for _, c := range x.Cells {
		if c.ID == id {
			return c.Number
		}
	}
	return id
}

// id is the ID of the cell that was executed last under a number; 0 if there is none.
func (x *Index) id(number int) int {
	for _, c := range slices.Backward(x.Cells) {
		if c.Number == number {
			return c.ID
		}
	}
	return 0
}

func (x *Index) drop(i int) {
	x.Cells = append(x.Cells[:i:i], x.Cells[i+1:]...)
	x.declares = append(x.declares[:i:i], x.declares[i+1:]...)
}

// describe makes up for what is not in the file of an index.
func (x *Index) describe() {
	for i := len(x.declares); i < len(x.Cells); i++ {
		x.declares = append(x.declares, keys(x.Cells[i].Code))
	}
}

func keys(code string) []string {
	text, _ := gonb.Compose(code)
	found, _ := declarations(text)
	list := make([]string, 0, len(found))
	for _, d := range found {
		if !d.again() {
			list = append(list, d.key)
		}
	}
	return list
}

// prune drops the oldest cells of which nothing counts any more, but for some.
func (x *Index) prune() {
	seen := map[string]bool{}
	replaced := 0
	for i := len(x.Cells) - 1; i >= 0; i-- {
		counts := i == len(x.Cells)-1 // it may have syntax errors to explain
		for _, key := range x.declares[i] {
			counts = counts || !seen[key]
			seen[key] = true
		}
		if counts {
			continue
		}
		if replaced++; replaced > spare {
			x.drop(i)
		}
	}
}

// code is what GoNB was given of a cell; "" if the index does not have it.
func (x *Index) code(id int) string {
	for _, c := range x.Cells {
		if c.ID == id {
			return c.Code
		}
	}
	return ""
}

// Save writes the index to a file, for processes of this kernel: after a crash of the machine it may be lost.
func (x *Index) Save(path string) error {
	content, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("lines: %w", err)
	}
	next := path + ".next" // whoever reads the file sees all of the old one or all of the new one
	err = os.WriteFile(next, content, 0o600)
	if err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return fmt.Errorf("lines: save the cells: %w", err)
	}
	return nil
}

// Load reads the index that Save wrote.
func Load(path string) (*Index, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("lines: load the cells: %w", err)
	}
	x := NewIndex()
	if err := json.Unmarshal(content, x); err != nil {
		return nil, fmt.Errorf("lines: load the cells: %s: %w", path, err)
	}
	return x, nil
}
