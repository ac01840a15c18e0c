package assist

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/gossl/gossl/kernel/gonb"
)

// A Completion is the content of a complete_reply.
type Completion struct {
	Matches    []string
	Start, End int // what a match replaces, in code points
	Metadata   map[string]any
}

// A candidate is one match, as Jupyter's experimental metadata describe it.
type candidate struct {
	Start     int    `json:"start"`
	End       int    `json:"end"`
	Text      string `json:"text"`
	Type      string `json:"type"`
	Signature string `json:"signature,omitempty"`
}

// most is how many matches are of use to anybody.
const most = 200

// Complete answers Tab. The cursor is in code points. When ctx ends, or gopls cannot help, there are no matches.
func (a *Assistant) Complete(ctx context.Context, code string, cursor int) Completion {
	offset := byteOffset(code, cursor)
	src := gonb.Read(code)
	if src.ForeignAt(offset) {
		return newCompletion(code, offset, "", nil)
	}
	if command, start, ok := src.CommandAt(offset); ok {
		before := command[:min(len(command), max(0, offset-start))]
		prefix, candidates := completeCommand(before, a.remembered)
		return newCompletion(code, offset, prefix, candidates)
	}
	found, _ := ask(ctx, a, func(ctx context.Context, s *session) (matches, error) {
		d, err := s.show(ctx, code, offset, true)
		if err != nil {
			return matches{}, err
		}
		list, err := s.complete(ctx, d)
		return matches{prefixSize(list.Items, d), candidates(list.Items)}, err
	})
	start := max(0, offset-found.prefix)
	if found.prefix == 0 {
		start = wordBefore(code, offset)
	}
	if line, _ := lineAround(code, offset); line == start && start < offset {
		imports := candidate{Text: "import", Type: "keyword"} // gopls knows it at the top of files only
		found.list = append([]candidate{imports}, found.list...)
	}
	return newCompletion(code, offset, code[start:offset], found.list)
}

// matches are candidates, and the size in bytes of what they replace in front of the cursor.
type matches struct {
	prefix int
	list   []candidate
}

// prefixSize returns how much in front of the cursor gopls would replace: in an import, more than an identifier.
func prefixSize(items []completionItem, d document) int {
	if len(items) == 0 {
		return 0
	}
	return max(0, d.cursor-offsetAt(d.text, items[0].TextEdit.Range.Start))
}

// remembered returns what earlier cells declare.
func (a *Assistant) remembered() []declaration {
	text, err := readMain(a.options.Dir)
	if err != nil {
		return nil // nothing has run yet
	}
	file, _ := parse(text) // half written, it still names some
	return declarations(file)
}

// candidates translates gopls's items, which come best first.
func candidates(items []completionItem) []candidate {
	var list []candidate
	for _, item := range items {
		if gonb.IsOurs(item.TextEdit.NewText) {
			continue
		}
		typ, ok := jupyterTypes[item.Kind]
		if !ok {
			typ = "instance"
		}
		c := candidate{Text: strings.TrimRight(item.TextEdit.NewText, "\"`"), Type: typ}
		if typ == "function" || typ == "instance" || typ == "property" || typ == "module" {
			c.Signature = item.Detail
		}
		list = append(list, c)
	}
	return list
}

// newCompletion chooses the candidates that fit the prefix, which ends at the offset.
func newCompletion(code string, offset int, prefix string, list []candidate) Completion {
	end := utf8.RuneCountInString(code[:offset])
	c := Completion{Matches: []string{}, Start: end - utf8.RuneCountInString(prefix), End: end}
	seen := map[string]bool{}
	types := []candidate{} // JSON has no nil
	for _, match := range list {
		if len(c.Matches) == most {
			break
		}
		if seen[match.Text] || !fits(match.Text, prefix) {
			continue
		}
		seen[match.Text] = true
		match.Start, match.End = c.Start, c.End
		c.Matches, types = append(c.Matches, match.Text), append(types, match)
	}
	c.Metadata = map[string]any{"_jupyter_types_experimental": types}
	return c
}

// fits says whether a text begins with a prefix, in whatever case.
func fits(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}
