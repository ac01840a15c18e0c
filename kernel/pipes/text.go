package pipes

import (
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// delay is how long text may wait for more, so that many short lines become few messages.
	delay = 10 * time.Millisecond
	// most is how much text waits.
	most = 32 << 10
)

// text puts what is written to stdout and stderr together: characters that two
// writes have split, and writes that follow each other closely.
type text struct {
	to     func(Stream, string)
	stream Stream
	waits  []byte
	due    time.Time         // when what waits is handed on
	cut    map[Stream][]byte // the beginning of a character, whose rest is still to come
}

func (t *text) put(stream Stream, data []byte) {
	if stream != t.stream {
		t.flush()
		t.stream = stream
	}
	if len(t.waits) == 0 {
		t.due = time.Now().Add(delay)
		t.waits = append(t.waits, t.cut[stream]...)
		delete(t.cut, stream)
	}
	if t.waits = append(t.waits, data...); len(t.waits) >= most {
		t.flush()
	}
}

// flush hands on what waits, but for a character that is not whole.
func (t *text) flush() {
	whole := len(t.waits) - len(unfinished(t.waits))
	if whole < len(t.waits) {
		if t.cut == nil {
			t.cut = map[Stream][]byte{}
		}
		t.cut[t.stream] = append([]byte(nil), t.waits[whole:]...)
	}
	if whole > 0 {
		t.to(t.stream, valid(t.waits[:whole]))
	}
	t.waits = t.waits[:0]
}

// end hands on what never became a character.
func (t *text) end() {
	for _, stream := range []Stream{Stdout, Stderr} {
		if cut := t.cut[stream]; len(cut) > 0 {
			t.to(stream, valid(cut))
		}
	}
	clear(t.cut)
}

// wait is for how long nothing need be done, in ms; -1 for ever.
func (t *text) wait() int {
	if len(t.waits) == 0 {
		return -1
	}
	return max(0, int(time.Until(t.due).Milliseconds())+1)
}

// tick hands on text that has waited long enough.
func (t *text) tick(now time.Time) {
	if len(t.waits) > 0 && !now.Before(t.due) {
		t.flush()
	}
}

// unfinished is the beginning of a character at the end of data.
func unfinished(data []byte) []byte {
	for i := len(data) - 1; i >= 0 && i > len(data)-utf8.UTFMax; i-- {
		if utf8.RuneStart(data[i]) {
			if !utf8.FullRune(data[i:]) {
				return data[i:]
			}
			break
		}
	}
	return nil
}

// valid has the replacement character for what is no UTF-8, which messages cannot hold.
func valid(data []byte) string { return strings.ToValidUTF8(string(data), string(utf8.RuneError)) }
