package gonb

import (
	"cmp"
	"slices"
	"strings"
)

// edit replaces length bytes of a text by others.
type edit struct {
	at, length int
	text       string
	rank       int // order among edits at one offset
}

// Ranks: what closes a literal comes before what closes the statement around it,
// and what opens one comes after.
const (
	closesLiteral = -1
	opensLiteral  = 1
)

// edits are changes of a text, in any order.
type edits []edit

func (e *edits) insert(at int, text string) { *e = append(*e, edit{at: at, text: text}) }

func (e *edits) replace(from, to int, text string) {
	*e = append(*e, edit{at: from, length: to - from, text: text})
}

// apply returns text with the edits made.
func (e edits) apply(text string) string {
	slices.SortStableFunc(e, func(a, b edit) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank, b.rank))
	})
	var out strings.Builder
	at := 0
	for _, e := range e {
		if e.at < at {
			continue // within what is already replaced
		}
		out.WriteString(text[at:e.at])
		out.WriteString(e.text)
		at = e.at + e.length
	}
	out.WriteString(text[at:])
	return out.String()
}
