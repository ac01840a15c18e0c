package assist

import (
	"regexp"
	"strings"
)

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
