package gonb

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// tuple is a declaration of variables that get their values from one call. When one
// of them is declared anew, GoNB forgets all: the others then have to be declared
// once more, with a name of ours for the one that is gone.
type tuple struct {
	names []string
	rest  string // type and value, on one line
	cell  int
}

func (t tuple) String() string { return "var " + strings.Join(t.names, ", ") + t.rest }

// within says whether all variables of the user's are in a list.
func (t tuple) within(list []string) bool {
	return !slices.ContainsFunc(t.names, func(name string) bool { return !isBlankName(name) && !slices.Contains(list, name) })
}

func isBlankName(name string) bool { return strings.HasPrefix(name, BlankName) }

// former is what stands in a tuple for a variable that has been declared anew.
var former = regexp.MustCompile(`^` + BlankName + `[0-9a-f]{8}_([^0-9].*)$`)

// Former is the variable in whose place a name stands, if it stands for one that
// was declared anew.
func Former(name string) (variable string, ok bool) {
	if !isBlankName(name) {
		return "", false
	}
	if m := former.FindStringSubmatch(name); m != nil {
		return m[1], true
	}
	return "", false
}

// without is a tuple with other names for those that the cell declares.
func (t tuple) without(declared map[string]int) tuple {
	key := hash(t.String())
	t.names = slices.Clone(t.names)
	for i, name := range t.names {
		if declared[name] > 0 {
			t.names[i] = BlankName + key + "_" + name
		}
	}
	return t
}

// variables names blank variables, and notes those that come from one call.
func (r *rewriter) variables(d *ast.GenDecl, blanks map[*ast.Ident]string, offset func(token.Pos) int) {
	r.name(blanks, offset)
	for _, spec := range valueSpecs(d) {
		if len(spec.Names) < 2 || len(spec.Values) != 1 {
			continue
		}
		t := tuple{cell: r.number}
		for _, n := range spec.Names {
			name := n.Name
			if blanks[n] != "" {
				name = blanks[n]
			}
			t.names = append(t.names, name)
		}
		value := r.Go[offset(spec.Values[0].Pos()):offset(spec.Values[0].End())]
		if spec.Type != nil {
			t.rest = " " + onOneLine(r.Go[offset(spec.Type.Pos()):offset(spec.Type.End())])
		}
		t.rest += " = " + onOneLine(value)
		r.tuples = append(r.tuples, t)
	}
}

// keepTuples declares once more what the cell would take along of earlier cells'
// tuples, beside the first of its own declarations.
func (r *rewriter) keepTuples(all []Chunk) {
	var again []string
	remembered := r.memory.tuples
	r.memory.tuples = nil
	for _, t := range remembered {
		changed := slices.ContainsFunc(t.names, func(name string) bool { return r.declared[name] > 0 })
		if changed {
			t = t.without(r.declared)
			if t.within(nil) {
				continue
			}
			again = append(again, t.String())
		}
		r.memory.tuples = append(r.memory.tuples, t)
	}
	r.memory.tuples = append(r.memory.tuples, r.tuples...)
	if len(again) == 0 {
		return
	}
	// GoNB drops comments but those of functions.
	first := slices.IndexFunc(all, func(c Chunk) bool { return c.declares() && c.First() != token.FUNC })
	if first >= 0 {
		r.edits = append(edits{{at: all[first].From, text: strings.Join(again, "; ") + "; "}}, r.edits...)
		return
	}
	first = slices.IndexFunc(all, Chunk.declares)
	r.insert(all[first].To, "; "+strings.Join(again, "; "))
}

// declares says whether a chunk declares names of the package.
func (c Chunk) declares() bool {
	return c.Declaration() && c.First() != token.IMPORT && c.First() != token.PACKAGE
}

// removals completes commands that have GoNB forget variables of a tuple, and
// refuses one that leaves others without their value.
func (r *rewriter) removals(tuples []tuple) error {
	for _, c := range r.commands {
		if c.name != "rm" && c.name != "remove" {
			continue
		}
		for _, t := range tuples {
			mine := slices.ContainsFunc(t.names, func(name string) bool { return slices.Contains(c.args, name) })
			if !mine {
				continue
			}
			names := slices.DeleteFunc(slices.Clone(t.names), isBlankName)
			if !t.within(c.args) {
				return fmt.Errorf("gonb: %%%s: %s get their values together in Cell [%d], and are forgotten together: %%%s %s",
					c.name, strings.Join(names, " and "), t.cell, c.name, strings.Join(names, " "))
			}
			for _, name := range t.names {
				if isBlankName(name) {
					r.insert(c.end, " "+name)
				}
			}
		}
	}
	return nil
}
