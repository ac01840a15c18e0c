package assist

import (
	"fmt"
	"go/token"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A document is the file that gopls sees instead of a cell.
type document struct {
	text     string
	cursor   int // in bytes
	declared []declaration
	uses     []use                 // of packages not imported, perhaps
	use      *use                  // the same at the cursor, perhaps half typed
	imported map[string]importSpec // by the cell itself
}

const bodyStart = "func _() {"

// newDocument makes a file from a cell: special commands blanked, its imports and the known ones at the top, and what
// follows its declarations in a function. The cursor is in bytes.
func newDocument(code string, cursor int, known map[string]importSpec) document {
	src, body := goLines(code)
	if danglingSelector(src, cursor) {
		src = src[:cursor] + "_" + src[cursor:]
		if body > cursor {
			body++
		}
	}
	list, missing := chunks(src)
	for _, c := range list {
		if !c.declaration && (body < 0 || c.start < body) {
			body = c.start
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

	all := map[string]importSpec{}
	if !typingImport {
		maps.Copy(all, known)
	}
	maps.Copy(all, imported)
	const clause = "package main\n\n"
	set, file, _ := parse(clause + src) // a cell being typed has errors
	d := document{imported: imported, declared: declarations(set, file)}
	uses, inspected := undeclared(set, file, len(clause)+at)
	d.uses = slices.DeleteFunc(uses, func(u use) bool { return all[u.name] != importSpec{} })
	if inspected != (use{}) && all[inspected.name] == (importSpec{}) {
		d.use = &inspected
	}
	var b strings.Builder
	b.WriteString(clause)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if !d.declares(key) {
			fmt.Fprintf(&b, "import %s %s\n", all[key].name, strconv.Quote(all[key].path))
		}
	}
	d.cursor = b.Len() + at
	d.text = b.String() + src
	return d
}

// hoistImports takes the imports out of a cell, but for one that is being typed. gopls offers no package that is imported
// already: this one must be alone.
func hoistImports(src string, list []chunk, cursor int) (rest string, found map[string]importSpec, typing bool) {
	found = map[string]importSpec{}
	for _, c := range list {
		if c.first != token.IMPORT {
			continue
		}
		if c.start <= cursor && cursor <= c.end {
			typing = true
			continue
		}
		_, file, err := parse("package main\n" + src[c.start:c.end])
		if err != nil {
			continue
		}
		maps.Copy(found, importsOf(file))
		src = src[:c.start] + blank(src[c.start:c.end]) + src[c.end:]
	}
	return src, found, typing
}

// declares says whether the document declares a name.
func (d document) declares(name string) bool {
	return slices.ContainsFunc(d.declared, func(other declaration) bool { return other.name == name })
}
