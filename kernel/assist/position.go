package assist

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// byteOffset converts a cursor as Jupyter counts it, in code points, to bytes.
func byteOffset(code string, cursor int) int {
	offset := 0
	for ; cursor > 0 && offset < len(code); cursor-- {
		_, size := utf8.DecodeRuneInString(code[offset:])
		offset += size
	}
	return offset
}

// position is a place in a file as the Language Server Protocol counts it.
type position struct {
	Line      int `json:"line"`
	Character int `json:"character"` // UTF-16 code units
}

// positionAt returns the position of a byte offset.
func positionAt(text string, offset int) position {
	before := text[:offset]
	start := strings.LastIndexByte(before, '\n') + 1
	units := 0
	for _, r := range before[start:] {
		units++
		if r > 0xFFFF {
			units++
		}
	}
	return position{Line: strings.Count(before, "\n"), Character: units}
}

// offsetAt returns the byte offset of a position, the end of the line or text if it lies beyond.
func offsetAt(text string, p position) int {
	offset := 0
	for range p.Line {
		end := strings.IndexByte(text[offset:], '\n')
		if end < 0 {
			return len(text)
		}
		offset += end + 1
	}
	for units := 0; units < p.Character && offset < len(text) && text[offset] != '\n'; units++ {
		r, size := utf8.DecodeRuneInString(text[offset:])
		if r > 0xFFFF {
			units++
		}
		offset += size
	}
	return offset
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// wordBefore returns where the identifier that ends at offset begins; offset itself if none does.
func wordBefore(text string, offset int) int {
	return offset - len(text[:offset]) + len(strings.TrimRightFunc(text[:offset], isWord))
}

// wordAfter returns where the identifier that goes on at offset ends.
func wordAfter(text string, offset int) int {
	return len(text) - len(strings.TrimLeftFunc(text[offset:], isWord))
}

// lineAround returns where the line of an offset begins and ends.
func lineAround(text string, offset int) (start, end int) {
	start = strings.LastIndexByte(text[:offset], '\n') + 1
	if end = strings.IndexByte(text[offset:], '\n'); end < 0 {
		return start, len(text)
	}
	return start, offset + end
}

// danglingSelector says whether the cursor stands behind a dot with nothing to select. The next line would be taken for
// the selection.
func danglingSelector(src string, cursor int) bool {
	next, _ := utf8.DecodeRuneInString(src[cursor:])
	return strings.HasSuffix(src[:cursor], ".") && !isWord(next)
}
