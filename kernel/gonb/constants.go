package gonb

import (
	"go/ast"
	"go/token"
	"strconv"
	"strings"
)

// constants makes of each constant of a declaration one of its own, with iota's
// number for iota: GoNB keeps them as a chain, of which it loses the rest when a
// later cell declares one anew. One constant alone, and what the compiler does not
// take, stay as they are.
func (r *rewriter) constants(d *ast.GenDecl, blanks map[*ast.Ident]string, offset func(token.Pos) int) {
	specs := valueSpecs(d)
	if !severalConstants(specs) {
		r.name(blanks, offset)
		return
	}
	r.replace(offset(d.Pos()), offset(d.Pos())+len("const"), Blank("const"))
	if d.Lparen.IsValid() {
		r.replace(offset(d.Lparen), offset(d.Lparen)+1, " ")
		r.replace(offset(d.Rparen), offset(d.Rparen)+1, " ")
		if tail := strings.TrimRight(r.Go[:offset(d.Rparen)], " \t"); strings.HasSuffix(tail, "\n") || strings.HasSuffix(tail, ";") {
			r.dropSemicolon(offset(d.Rparen) + 1)
		}
	}
	text := func(n ast.Node) string { return r.Go[offset(n.Pos()):offset(n.End())] }
	var last *ast.ValueSpec // with values
	for i, spec := range specs {
		from, to := offset(spec.Pos()), offset(spec.End())
		if len(spec.Values) > 0 {
			last = spec
		}
		if len(spec.Names) == 1 && spec == last {
			r.insert(from, "const ")
			if name := blanks[spec.Names[0]]; name != "" {
				r.replace(from, from+1, name)
			}
			r.numbered(spec.Values[0], i, offset, &r.edits)
			continue
		}
		var each []string
		for j, n := range spec.Names {
			value := edits{}
			start := offset(last.Values[j].Pos())
			r.numbered(last.Values[j], i, func(p token.Pos) int { return offset(p) - start }, &value)
			declared := "const " + n.Name
			if blanks[n] != "" {
				declared = "const " + blanks[n]
			}
			if last.Type != nil {
				declared += " " + onOneLine(text(last.Type))
			}
			each = append(each, declared+" = "+onOneLine(value.apply(text(last.Values[j]))))
		}
		r.replace(from, to, strings.Join(each, "; ")+strings.Repeat("\n", strings.Count(r.Go[from:to], "\n")))
	}
}

// severalConstants says whether specs declare more than one constant, in a form
// that the compiler takes.
func severalConstants(specs []*ast.ValueSpec) bool {
	names, values := 0, 0
	for _, spec := range specs {
		names += len(spec.Names)
		if len(spec.Values) > 0 {
			values = len(spec.Values)
		} else if spec.Type != nil {
			return false
		}
		if values != len(spec.Names) {
			return false
		}
	}
	return names > 1
}

// numbered replaces iota within an expression.
func (r *rewriter) numbered(x ast.Expr, number int, offset func(token.Pos) int, to *edits) {
	if r.memory.iota || r.declared["iota"] > 0 {
		return // it is a constant of the user's
	}
	ast.Inspect(x, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			r.numbered(n.X, number, offset, to)
			return false
		case *ast.Ident:
			if n.Name == "iota" {
				to.replace(offset(n.Pos()), offset(n.End()), strconv.Itoa(number))
			}
		}
		return true
	})
}

// onOneLine is Go source without line breaks and comments at their ends.
func onOneLine(src string) string {
	if !strings.Contains(src, "\n") {
		return src
	}
	var b strings.Builder
	for _, w := range Words(src) {
		switch {
		case w.Tok == token.SEMICOLON && w.Text == "\n":
			w.Text = ";"
		case w.Tok == token.STRING && strings.Contains(w.Text, "\n"):
			if s, err := strconv.Unquote(w.Text); err == nil {
				w.Text = strconv.Quote(s)
			}
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.Text)
	}
	return strings.TrimSuffix(b.String(), " ;")
}
