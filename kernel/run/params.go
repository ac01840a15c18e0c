package run

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
	"github.com/gossl/gossl/kernel/notebook"
)

// ParametersTag marks the cells whose top-level variables and constants can be given other
// values.
const ParametersTag = "parameters"

// parameter is a value in a cell that can be replaced.
type parameter struct {
	cell       int
	start, end int  // of the value in the cell's source
	missing    bool // it has no value yet: one is put in at end
	text       bool // it is a string
	refusal    string
}

// setParameters replaces values in the cells tagged "parameters". The values stay where
// they are declared, so that the cell itself uses the new ones.
func setParameters(d *notebook.Document, assignments []string) error {
	for _, assignment := range assignments {
		name, value, ok := strings.Cut(assignment, "=")
		if !ok || !token.IsIdentifier(name) {
			return fmt.Errorf("run: parameter %q, want name=value", assignment)
		}
		p, err := findParameter(d.Notebook, name)
		if err == nil && p.refusal != "" {
			err = errors.New(p.refusal)
		}
		var expression string
		if err == nil {
			expression, err = p.expression(value)
		}
		if err != nil {
			return fmt.Errorf("run: parameter %s: %w", assignment, err)
		}
		source := d.Notebook.Cells[p.cell].Source
		if err := d.SetSource(p.cell, source[:p.start]+expression+source[p.end:]); err != nil {
			return err
		}
	}
	return nil
}

// findParameter finds the declaration of a parameter. The last one counts, as it does for GoNB.
func findParameter(n notebook.Notebook, name string) (parameter, error) {
	found, tagged := map[string]parameter{}, false
	for i, cell := range n.Cells {
		if cell.Type == notebook.Code && cell.HasTag(ParametersTag) {
			tagged = true
			for name, p := range parameters(cell.Source) {
				p.cell = i
				found[name] = p
			}
		}
	}
	if !tagged {
		return parameter{}, fmt.Errorf("no code cell has the tag %q", ParametersTag)
	}
	p, ok := found[name]
	if !ok {
		return parameter{}, fmt.Errorf("the cells with the tag %q declare no %s at the top level; they declare %s",
			ParametersTag, name, strings.Join(slices.Sorted(maps.Keys(found)), ", "))
	}
	return p, nil
}

// parameters lists what a cell declares at the top level. What is no Go in it does not
// keep the declarations before from being found.
func parameters(source string) map[string]parameter {
	const clause = "package p;"
	// Errors are the compiler's to tell: what could be parsed is in the file.
	file, _ := gonb.ParseFile(clause+gonb.Read(source).Declarations(), parser.AllErrors|parser.SkipObjectResolution)
	offset := func(p token.Pos) int { return file.Offset(p) - len(clause) }
	found := map[string]parameter{}
	for _, n := range file.Names() {
		if spec, ok := n.Node.(*ast.ValueSpec); ok {
			found[n.Name] = valueOf(spec, slices.Index(spec.Names, n.Ident), offset)
		}
	}
	delete(found, "_")
	return found
}

// valueOf describes the value of a specification's name.
func valueOf(spec *ast.ValueSpec, name int, offset func(token.Pos) int) parameter {
	var p parameter
	if kind, ok := spec.Type.(*ast.Ident); ok {
		p.text = kind.Name == "string"
	}
	switch {
	case len(spec.Values) == len(spec.Names):
		value := spec.Values[name]
		p.start, p.end = offset(value.Pos()), offset(value.End())
		if literal, ok := value.(*ast.BasicLit); ok {
			p.text = p.text || literal.Kind == token.STRING
		}
	case len(spec.Values) == 0 && len(spec.Names) == 1 && spec.Type != nil:
		p.start = offset(spec.Type.End())
		p.end, p.missing = p.start, true
	default:
		p.refusal = "its declaration gives it no value of its own, want one like: var " + spec.Names[name].Name + " = value"
	}
	return p
}

// expression is the Go text of a new value: for a string the value need not be quoted.
func (p parameter) expression(value string) (string, error) {
	if _, err := strconv.Unquote(value); p.text && (err != nil || strings.HasPrefix(value, "'")) {
		value = strconv.Quote(value)
	}
	parsed, err := parser.ParseExpr(value)
	if err != nil {
		return "", fmt.Errorf("want a Go expression: %w", err)
	}
	var text bytes.Buffer
	if err := printer.Fprint(&text, token.NewFileSet(), parsed); err != nil {
		return "", fmt.Errorf("want a Go expression: %w", err)
	}
	if p.missing {
		return " = " + text.String(), nil
	}
	return text.String(), nil
}
