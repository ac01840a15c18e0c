package execute

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/gossl/gossl/kernel/wire"
)

// badEnd is the message on stderr by which GoNB tells how a cell's process failed.
var badEnd = regexp.MustCompile(`^(?:\^C\n)?(exit status \d+|signal: .+)\n$`)

// stockFailure recognises a failure that GoNB itself, with no kernel of ours before
// it, reports as a success: the text is a message on stderr, the reply says "ok".
func stockFailure(reply *wire.Message, last string) string {
	if _, ours := metadata(reply)[timingKey]; ours {
		return ""
	}
	if match := badEnd.FindStringSubmatch(last); match != nil {
		return match[1]
	}
	return ""
}

// reason is the line of standard error that says why a Go program ended: the first of a
// panic, or else the last.
func reason(stderr string) string {
	last := ""
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			return line
		}
		if line != "" && !badEnd.MatchString(line+"\n") && line != "^C" {
			last = line
		}
	}
	return last
}

// metadata is a message's metadata.
func metadata(m *wire.Message) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	if json.Unmarshal(m.Metadata, &fields) != nil {
		return nil // a message without readable metadata has none
	}
	return fields
}
