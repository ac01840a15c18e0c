package assist

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
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
