package front

import (
	"regexp"
	"slices"
	"strings"
)

// history is the cells of this session, the first and only one.
type history struct {
	cells   []past
	passing past // the last cell that is not to be stored
}

// past is a cell that was executed.
type past struct {
	number int
	code   string
}

// session is the number of the kernel's own session in its history.
const session = 1

// historyRequest is what a client wants to see of the history.
type historyRequest struct {
	Output  bool   `json:"output"`           // with what came out, which is not kept
	Access  string `json:"hist_access_type"` // tail, range or search
	N       int    `json:"n"`                // of tail and search; 0 is all
	Start   int    `json:"start"`            // of range
	Stop    int    `json:"stop"`             // of range: the first not wanted; 0 is none
	Pattern string `json:"pattern"`          // of search, with * and ?
	Unique  bool   `json:"unique"`           // of search
}

func (h *history) add(number int, code string) {
	h.cells, h.passing = append(h.cells, past{number, code}), past{}
}

// code returns the code of a cell, "" if there is none of the number. A cell that
// is not stored hides the one before, whose number it has.
func (h *history) code(number int) string {
	if h.passing.code != "" && h.passing.number == number {
		return h.passing.code
	}
	for _, c := range slices.Backward(h.cells) {
		if c.number == number {
			return c.code
		}
	}
	return ""
}

// find returns the entries that a client asks for, oldest first.
func (h *history) find(r historyRequest) [][3]any {
	found := slices.Clone(h.cells)
	switch r.Access {
	case "range":
		found = slices.DeleteFunc(found, func(c past) bool { return c.number < r.Start || r.Stop > 0 && c.number >= r.Stop })
	case "search":
		pattern := glob(r.Pattern)
		found = slices.DeleteFunc(found, func(c past) bool { return !pattern.MatchString(c.code) })
		if r.Unique {
			found = latest(found)
		}
	}
	if r.Access != "range" && r.N > 0 {
		found = found[max(0, len(found)-r.N):]
	}
	entries := make([][3]any, len(found))
	for i, c := range found {
		entries[i] = [3]any{session, c.number, c.code}
		if r.Output {
			entries[i][2] = [2]any{c.code, nil}
		}
	}
	return entries
}

// glob makes a regular expression of a pattern in which * is any text and ? any character.
func glob(pattern string) *regexp.Regexp {
	text := regexp.QuoteMeta(pattern)
	text = strings.ReplaceAll(strings.ReplaceAll(text, `\*`, `.*`), `\?`, `.`)
	return regexp.MustCompile(`(?s)^` + text + `$`)
}

// latest keeps of cells with the same code the last.
func latest(cells []past) []past {
	var kept []past
	for i, c := range cells {
		if !slices.ContainsFunc(cells[i+1:], func(later past) bool { return later.code == c.code }) {
			kept = append(kept, c)
		}
	}
	return kept
}
