package assist

import (
	"context"
	"encoding/json"
	"go/ast"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
	"github.com/gossl/gossl/kernel/gonb/lines"
)

// Inspect answers Shift-Tab, in Markdown and as plain text: what the identifier at the cursor is, or inside a call's
// parentheses what is called. The cursor is in code points. From detail 1 on, the answer shows the source too.
func (a *Assistant) Inspect(ctx context.Context, code string, cursor, detail int) (markdown, plain string, found bool) {
	offset := byteOffset(code, cursor)
	src := gonb.Read(code)
	if src.ForeignAt(offset) {
		return "", "", false
	}
	if command, _, ok := src.CommandAt(offset); ok {
		return explainCommand(command)
	}
	markdown, _ = ask(ctx, a, func(ctx context.Context, s *session) (string, error) { return s.inspect(ctx, code, offset, detail) })
	markdown = gonb.Unblank(markdown)
	return markdown, plainText(markdown), markdown != ""
}

func (s *session) inspect(ctx context.Context, code string, offset, detail int) (string, error) {
	d, err := s.show(ctx, code, offset, false)
	if err != nil {
		return "", err
	}
	if word := wordBefore(code, offset); word < wordAfter(code, offset) {
		at := d.cursor - (offset - word)
		text, err := s.describe(ctx, d, at, detail)
		if text != "" || ctx.Err() != nil {
			return text, err
		}
	}
	return s.signature(ctx, d)
}

// describe tells what an identifier is.
func (s *session) describe(ctx context.Context, d document, offset, detail int) (string, error) {
	var h hover
	if err := s.server.call(ctx, "textDocument/hover", s.at(d, offset), &h); err != nil {
		return "", err
	}
	text := strings.TrimSpace(h.Contents.Value)
	if text == "" || detail < 1 {
		return text, nil
	}
	var places []location
	if err := s.server.call(ctx, "textDocument/definition", s.at(d, offset), &places); err != nil {
		return text, err
	}
	if source := s.sourceAt(places); source != "" {
		text += "\n\n```go\n" + source + "\n```"
	}
	return text, nil
}

// signature tells what the call around the cursor takes.
func (s *session) signature(ctx context.Context, d document) (string, error) {
	var h signatureHelp
	err := s.server.call(ctx, "textDocument/signatureHelp", s.at(d, d.cursor), &h)
	if err != nil || len(h.Signatures) == 0 {
		return "", err
	}
	signature := h.Signatures[0]
	text := "```go\nfunc " + signature.Label + "\n```"
	if doc := documentation(signature.Documentation); doc != "" {
		text += "\n\n" + doc
	}
	return text, nil
}

// documentation returns the text of what is a string or markup.
func documentation(raw json.RawMessage) string {
	var text string
	var m markup
	if json.Unmarshal(raw, &text) == nil {
		return strings.TrimSpace(text)
	}
	if json.Unmarshal(raw, &m) == nil {
		return strings.TrimSpace(m.Value)
	}
	return "" // there is none
}

// longest is how much source an answer shows at most, in bytes.
const longest = 20_000

// sourceAt returns the declaration around the first place, or "".
func (s *session) sourceAt(places []location) string {
	if len(places) == 0 {
		return ""
	}
	u, err := url.Parse(places[0].URI)
	if err != nil {
		return ""
	}
	text, ok := s.shown[filepath.Base(u.Path)]
	if !ok || filepath.Dir(u.Path) != filepath.Clean(s.memory.dir) {
		content, err := os.ReadFile(u.Path)
		if err != nil {
			return ""
		}
		text = lines.Bare(string(content))
	}
	return declarationAround(text, offsetAt(text, places[0].Range.Start))
}

// declarationAround returns the source of the top-level declaration that holds an offset, its comment left out.
func declarationAround(text string, offset int) string {
	file, _ := parse(text) // what can be parsed of it is enough
	for _, decl := range file.Decls {
		start, end := file.Offset(decl.Pos()), file.Offset(decl.End())
		if offset < start || offset >= end || end-start > longest {
			continue
		}
		if f, ok := decl.(*ast.FuncDecl); ok && f.Name.Name == "_" {
			return "" // the cell itself
		}
		return text[start:min(end, len(text))]
	}
	return ""
}

var (
	markdownLink   = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	markdownEscape = regexp.MustCompile("\\\\([\\\\`*{}\\[\\]()#+.!_<>~|:\"'$&,/;=?@^%-])")
	blankLines     = regexp.MustCompile(`\n{3,}`)
)

// plainText takes the marks out of gopls's Markdown.
func plainText(markdown string) string {
	var b strings.Builder
	code := false
	for line := range strings.Lines(markdown) {
		switch trimmed := strings.TrimSpace(line); {
		case strings.HasPrefix(trimmed, "```"):
			code = !code
			continue
		case code || strings.HasPrefix(line, "\t"):
		case trimmed == "---":
			line = "\n"
		default:
			line = markdownEscape.ReplaceAllString(markdownLink.ReplaceAllString(line, "$1"), "$1")
		}
		b.WriteString(line)
	}
	return strings.TrimSpace(blankLines.ReplaceAllString(b.String(), "\n\n"))
}
