package gonb

import (
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"strings"
)

// note takes down what a declaration declares, and refuses what the cell declares
// twice: GoNB would keep the last.
func (r *rewriter) note(p parsed) error {
	line := func(pos token.Pos) int { return strings.Count(r.code[:p.offset(pos)], "\n") + 1 }
	add := func(name *ast.Ident, called string) error {
		if name.Name == "_" {
			return nil
		}
		first, now := r.declared[called], line(name.Pos())
		r.declared[called] = now
		switch {
		case first == 0:
			return nil
		case called == "init":
			return fmt.Errorf("gonb: func init is declared in lines %d and %d, and GoNB would keep the last: name them init_a and init_b", first, now)
		case first == now:
			return fmt.Errorf("gonb: %s is declared twice in line %d, and GoNB would keep the last", called, now)
		}
		return fmt.Errorf("gonb: %s is declared in lines %d and %d, and GoNB would keep the last", called, first, now)
	}
	for _, n := range namesOf([]ast.Decl{p.Decl}) {
		called := n.Name
		if n.Method() {
			called = n.typeName() + "." + n.Name
		}
		if err := add(n.Ident, called); err != nil {
			return err
		}
	}
	r.memory.iota = r.memory.iota || r.declared["iota"] > 0
	return nil
}

// function refuses a method that GoNB would put in the place of another.
func (r *rewriter) function(d *ast.FuncDecl) error {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		r.hasMain = r.hasMain || d.Name.Name == "main"
		return nil
	}
	id, ok := genericType(ast.Unparen(d.Recv.List[0].Type)).(*ast.Ident)
	if !ok {
		return nil
	}
	method := d.Name.Name
	if other, ok := r.memory.receivers[method]; ok && other != id.Name {
		return fmt.Errorf("gonb: method %s of %s: GoNB keeps one method of that name for generic types, and would lose that of %s: "+
			"give one of them a pointer receiver, as in func (x *%s[…]) %s", method, id.Name, other, id.Name, method)
	}
	r.memory.receivers[method] = id.Name
	return nil
}

var embedding = regexp.MustCompile(`(?m)^[ \t]*//go:embed[ \t]`)

// embeds refuses a variable with a file's content: GoNB drops the comment that asks for it.
func (r *rewriter) embeds(p parsed) error {
	d := p.Decl
	before := r.Go[:p.offset(d.Pos())]
	lines := strings.Split(before, "\n")
	from := len(lines) - 1
	for from > 0 && (strings.HasPrefix(strings.TrimSpace(lines[from-1]), "//") || strings.TrimSpace(lines[from-1]) == "") {
		from--
	}
	if embedding.MatchString(strings.Join(lines[from:], "\n") + p.text) {
		return fmt.Errorf("gonb: //go:embed: GoNB drops comments of variables, and the variable would be empty: read the file with os.ReadFile")
	}
	return nil
}
