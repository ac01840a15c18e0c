package lines

import (
	"fmt"
	"regexp"
)

// initializer is the frame of what gives the package's variables their values, or
// of a function init.
var initializer = regexp.MustCompile(`^main\.init(?:\.\d+)?\(\)$`)

// initial says which declaration was being evaluated when the runtime ended the
// program, and how it is forgotten: it would end all cells that follow, too. It is
// "" if the program had come to main.
func (x *Index) initial(stacks []string) string {
	for i, line := range stacks {
		if i+1 == len(stacks) || !initializer.MatchString(line) {
			continue
		}
		m := frame().FindStringSubmatch(stacks[i+1])
		if m == nil {
			continue
		}
		c := inCell().FindStringSubmatch(m[1])
		if c == nil {
			continue
		}
		id := number(c[2])
		if c[1] == "" { // it is the cell's number
			id = x.id(id)
		}
		d, ok := x.at(id, number(m[2]))
		if !ok {
			continue
		}
		return fmt.Sprintf("the %s %s of Cell [%d], line %d is evaluated before each cell: change it and run Cell [%d] again, or forget it: %s",
			d.kind, d, d.cell.Number, d.from, d.cell.Number, d.remove())
	}
	return ""
}
