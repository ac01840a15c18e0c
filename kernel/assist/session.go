package assist

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/gossl/gossl/kernel/gonb"
)

// The files that gopls sees, none of them as it is on disk.
const (
	mainFile     = "main.go"        // what earlier cells declare
	cellFile     = "sslkit_cell.go" // the cell
	usesFileName = "sslkit_uses.go" // what the cell uses of packages that nobody has imported
)

// A session is the conversation with one gopls. One goroutine owns it.
type session struct {
	server *server
	memory *memory
	shown  map[string]string // the text that gopls has of each file
	number int               // of the last version of any file
}

func newSession(server *server, known *memory) *session {
	return &session{server: server, memory: known, shown: map[string]string{}}
}

// open begins the conversation, and has gopls load everything that the first cell will need.
func (s *session) open(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, warmUp)
	defer cancel()
	params := object{
		"processId":             os.Getpid(),
		"rootUri":               s.uri(""),
		"workspaceFolders":      []object{{"uri": s.uri(""), "name": "cells"}},
		"capabilities":          capabilities,
		"initializationOptions": settings,
	}
	if err := s.server.call(ctx, "initialize", params, nil); err != nil {
		return err
	}
	if err := s.server.notify("initialized", object{}); err != nil {
		return err
	}
	s.memory.update()
	if err := s.write(usesFileName, usesFile(nil)); err != nil {
		return err
	}
	for _, code := range []string{"fmt.", "zz", "strings.Fields(nil)\nfmt."} {
		d, err := s.show(ctx, code, len(code), true)
		if err != nil {
			return err
		}
		if _, err := s.complete(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// load has gopls load packages for the cells to come, calls loaded when that is over, and does not wait for it.
func (s *session) load(ctx context.Context, packages map[string]gonb.Import, loaded func()) error {
	s.memory.provide(packages)
	const code = "fmt."
	d, err := s.show(ctx, code, len(code), true)
	if err != nil {
		return err
	}
	go func() {
		ctx, cancel := context.WithTimeout(ctx, warmUp)
		defer cancel()
		_, _ = s.complete(ctx, d) // should it fail, the next request tries again
		loaded()
	}()
	return nil
}

func (s *session) uri(name string) string {
	return (&url.URL{Scheme: "file", Path: filepath.Join(s.memory.dir, name)}).String()
}

// refresh tells gopls which files have changed on disk.
func (s *session) refresh() error {
	changes := s.memory.update()
	if len(changes) == 0 {
		return nil
	}
	var events []object
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		events = append(events, object{"uri": s.uri(name), "type": changes[name]})
	}
	return s.server.notify("workspace/didChangeWatchedFiles", object{"changes": events})
}

// show gives gopls a cell, with main.go to match and imports for what it uses; what is at the cursor may be half typed.
// The cursor is in bytes.
func (s *session) show(ctx context.Context, code string, cursor int, typing bool) (document, error) {
	if err := s.refresh(); err != nil {
		return document{}, err
	}
	d := newDocument(code, cursor, s.memory.usable())
	maps.Copy(s.memory.imported, d.imported) // for the next cell too: gopls is slow to forget a package and load it again
	uses := d.uses
	if d.use != nil && !typing {
		uses = append(uses, *d.use)
	}
	if uses := s.memory.unknown(uses); len(uses) > 0 {
		found, err := s.missing(ctx, uses)
		if ctx.Err() != nil {
			return document{}, err
		}
		maps.Copy(s.memory.imported, found) // if gopls fails to find them, it still knows the rest
		d = newDocument(code, cursor, s.memory.usable())
	}
	if err := s.write(mainFile, s.memory.mainBeside(d)); err != nil {
		return document{}, err
	}
	return d, s.write(cellFile, d.text)
}

// write gives gopls a file's text.
func (s *session) write(name, text string) error {
	old, opened := s.shown[name]
	if opened && old == text {
		return nil
	}
	s.number++
	s.shown[name] = text
	if !opened {
		return s.server.notify("textDocument/didOpen", object{"textDocument": object{
			"uri": s.uri(name), "languageId": "go", "version": s.number, "text": text,
		}})
	}
	return s.server.notify("textDocument/didChange", object{
		"textDocument":   object{"uri": s.uri(name), "version": s.number},
		"contentChanges": []object{{"text": text}},
	})
}

// missing looks for the packages that hold what is used.
func (s *session) missing(ctx context.Context, uses []use) (map[string]gonb.Import, error) {
	text := usesFile(uses)
	if err := s.write(usesFileName, text); err != nil {
		return nil, err
	}
	var actions []codeAction
	params := object{
		"textDocument": object{"uri": s.uri(usesFileName)},
		"range":        textRange{},
		"context":      object{"diagnostics": []any{}, "only": []string{organizeImports}},
	}
	if err := s.server.call(ctx, "textDocument/codeAction", params, &actions); err != nil {
		return nil, err
	}
	for _, action := range actions {
		for _, change := range action.Edit.DocumentChanges {
			text = applyEdits(text, change.Edits)
		}
	}
	file, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("assist: imports of %v: %w", uses, err)
	}
	found := importsOf(file)
	for _, u := range uses {
		s.memory.asked[u] = true
	}
	return found, nil
}

// at names a place in the cell's file to gopls.
func (s *session) at(d document, offset int) object {
	return object{"textDocument": object{"uri": s.uri(cellFile)}, "position": positionAt(d.text, offset)}
}

func (s *session) complete(ctx context.Context, d document) (completionList, error) {
	var list completionList
	err := s.server.call(ctx, "textDocument/completion", s.at(d, d.cursor), &list)
	return list, err
}

// applyEdits changes a text as the edits say, whose positions are those of the unchanged text.
func applyEdits(text string, edits []textEdit) string {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(x, y textEdit) int {
		return offsetAt(text, x.Range.Start) - offsetAt(text, y.Range.Start)
	})
	changed := text
	for _, e := range slices.Backward(edits) {
		start, end := offsetAt(text, e.Range.Start), offsetAt(text, e.Range.End)
		changed = changed[:start] + e.NewText + changed[end:]
	}
	return changed
}
