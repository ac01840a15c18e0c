package gonb

import (
	"embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
)

// MainStart opens the func main around a cell of statements.
const MainStart = "func main() { flag.Parse(); "

// ShowCall and ShowEnd bracket an expression whose value is shown.
const (
	ShowCall = "sslkitShow("
	ShowEnd  = ")/*shown*/"
)

// silenced returns code in which the expression that is to be shown is a statement
// instead, for the call of a function without a result; false if there is none.
func silenced(code string) (string, bool) {
	if !strings.Contains(code, ShowCall) || !strings.Contains(code, ShowEnd) {
		return code, false
	}
	code = strings.ReplaceAll(code, ShowCall, "func() { ")
	return strings.ReplaceAll(code, ShowEnd, " }()"), true
}

// body wraps statements into func main and shows the value of the last one.
func (r *rewriter) body(body []Chunk) {
	if len(body) == 0 {
		return
	}
	if r.Body < 0 {
		if r.hasMain || r.exec || r.has("test") {
			return
		}
		for _, c := range body {
			if c.Declaration() && slices.Contains([]token.Token{token.FUNC, token.IMPORT, token.PACKAGE}, c.First()) {
				return // GoNB reports it
			}
		}
		r.insert(body[0].From, MainStart)
		r.closing = "\n}"
	}
	if last := body[len(body)-1]; !last.Declaration() && !r.has("test", "wasm") {
		r.value(last)
	}
}

// value shows the value of a statement that is an expression, or several, or
// drops it where a semicolon follows.
func (r *rewriter) value(c Chunk) {
	const call = "f("
	expr, err := parser.ParseExpr(call + r.Go[c.From:c.To] + ")")
	if err != nil {
		return
	}
	values, ok := expr.(*ast.CallExpr)
	if !ok || len(values.Args) == 0 || values.Ellipsis.IsValid() {
		return
	}
	if f, ok := values.Fun.(*ast.Ident); !ok || f.Name != "f" {
		return
	}
	statement := len(values.Args) == 1 && statement(values.Args[0])
	switch {
	case c.silent && !statement:
		r.insert(c.From, strings.Repeat("_, ", len(values.Args)-1)+"_ = ")
	case !c.silent && !slices.ContainsFunc(values.Args, worthless):
		r.insert(c.From, ShowCall)
		r.insert(c.To, ShowEnd)
		r.shows = true
	}
}

// builtins are the functions whose calls are no statements, and basic types.
var builtins = strings.Fields("append cap complex imag len make max min new real bool byte rune string error any uintptr " +
	"int int8 int16 int32 int64 uint uint8 uint16 uint32 uint64 float32 float64 complex64 complex128")

// statement says whether an expression can stand alone.
func statement(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.CallExpr:
		f, ok := ast.Unparen(x.Fun).(*ast.Ident)
		return !ok || !slices.Contains(builtins, f.Name)
	case *ast.UnaryExpr:
		return x.Op == token.ARROW
	}
	return false
}

// worthless says whether there is no point in showing an expression.
func worthless(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.FuncLit:
		return true // the compiler says that it is not used
	case *ast.CallExpr:
		switch f := ast.Unparen(x.Fun).(type) {
		case *ast.FuncLit:
			return f.Type.Results == nil
		case *ast.Ident:
			return slices.Contains([]string{"print", "println", "panic", "close", "delete", "clear", "copy"}, f.Name)
		case *ast.SelectorExpr:
			return onlyActs(f)
		}
	}
	return false
}

// onlyActs says whether a function is known to be called for what it does.
func onlyActs(f *ast.SelectorExpr) bool {
	name := f.Sel.Name
	if of, ok := f.X.(*ast.Ident); ok {
		switch of.Name + "." + name {
		case "time.Sleep", "os.Exit", "flag.Parse", "os.Setenv", "runtime.GC":
			return true
		}
		switch of.Name {
		case "log":
			return !slices.Contains([]string{"Default", "New", "Flags", "Prefix", "Writer"}, name)
		case "gonbui":
			return name != "UniqueId" && name != "UniqueID"
		case "fmt":
			return strings.HasPrefix(name, "Scan") || strings.HasPrefix(name, "Fscan") || prints(name)
		}
	}
	return prints(name)
}

func prints(name string) bool {
	return strings.HasPrefix(name, "Print") || strings.HasPrefix(name, "Fprint") || strings.HasPrefix(name, "Display")
}

// valueSources is a package that a cell that shows a value is built with. It lies
// below GoNB's folder: in a package of their own its names and the user's do not
// meet, and Go's are not hidden.
//
//go:embed value/value.go value/text.go value/writer.go value/mapping.go value/pixels.go
var valueSources embed.FS

// valueDir is the folder of that package beside main.go, and its name there.
const valueDir = "sslkit_value"

// addShow adds what a cell needs to show a value, in a module of the given name.
func addShow(files map[string]string, module string) error {
	entries, err := valueSources.ReadDir("value")
	if err != nil {
		return fmt.Errorf("gonb: %w", err)
	}
	for _, e := range entries {
		text, err := valueSources.ReadFile(path.Join("value", e.Name()))
		if err != nil {
			return fmt.Errorf("gonb: %w", err)
		}
		files[path.Join(valueDir, e.Name())] = string(text)
	}
	files[ShowFile] = fmt.Sprintf("package main\n\nimport %s %q\n\nvar sslkitShow = %[1]s.Show\n", valueDir, module+"/"+valueDir)
	return nil
}
