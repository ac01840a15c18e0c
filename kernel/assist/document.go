package assist

import (
	"fmt"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
)

// A document is the file that gopls sees instead of a cell.
type document struct {
	text     string
	cursor   int // in bytes
	declared []declaration
	uses     []use                  // of packages not imported, perhaps
	use      *use                   // the same at the cursor, perhaps half typed
	imported map[string]gonb.Import // by the cell itself
}

const bodyStart = "func _() {"

// newDocument makes a file from a cell: special commands blanked, its imports and the known ones at the top, and what
// follows its declarations in a function. The cursor is in bytes.
func newDocument(code string, cursor int, known map[string]gonb.Import) document {
	read := gonb.Read(code)
	src, body := read.Go, read.Body
	if danglingSelector(src, cursor) {
		src = src[:cursor] + "_" + src[cursor:]
		if body > cursor {
			body++
		}
	}
	list, missing := gonb.Chunks(src), gonb.Missing(src)
	for _, c := range list {
		if !c.Declaration() && (body < 0 || c.From < body) {
			body = c.From
			break
		}
	}
	src, imported, typingImport := hoistImports(src, list, cursor)
	at := cursor
	if body >= 0 {
		if cursor >= body {
			at += len(bodyStart)
		}
		src = src[:body] + bodyStart + src[body:]
		missing += "}"
	}
	src += "\n" + missing + "\n"

	all := map[string]gonb.Import{}
	if !typingImport {
		maps.Copy(all, known)
	}
	maps.Copy(all, imported)
	const clause = "package main\n\n"
	file, _ := parse(clause + src) // a cell being typed has errors
	d := document{imported: imported, declared: declarations(file)}
	uses, inspected := undeclared(file, len(clause)+at)
	d.uses = slices.DeleteFunc(uses, func(u use) bool { return all[u.name] != gonb.Import{} })
	if inspected != (use{}) && all[inspected.name] == (gonb.Import{}) {
		d.use = &inspected
	}
	var b strings.Builder
	b.WriteString(clause)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if !d.declares(key) {
			fmt.Fprintf(&b, "import %s %s\n", all[key].Name, strconv.Quote(all[key].Path))
		}
	}
	d.cursor = b.Len() + at
	d.text = b.String() + src
	return d
}

// hoistImports takes the imports out of a cell, but for one that is being typed, and a package clause. gopls offers no
// package that is imported already: this one must be alone.
func hoistImports(src string, list []gonb.Chunk, cursor int) (rest string, found map[string]gonb.Import, typing bool) {
	found = map[string]gonb.Import{}
	for _, c := range list {
		switch c.First() {
		default:
			continue
		case token.PACKAGE:
		case token.IMPORT:
			if c.From <= cursor && cursor <= c.Next {
				typing = true
				continue
			}
			file, err := parse("package main\n" + src[c.From:c.To])
			if err != nil {
				continue
			}
			maps.Copy(found, importsOf(file))
		}
		src = src[:c.From] + gonb.Blank(src[c.From:c.To]) + src[c.To:]
	}
	return src, found, typing
}

// declares says whether the document declares a name.
func (d document) declares(name string) bool {
	return slices.ContainsFunc(d.declared, func(other declaration) bool { return other.key == name })
}
