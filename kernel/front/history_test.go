package front

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHistory(t *testing.T) {
	var h history
	for i, code := range []string{"a", "b/c", "a", "d"} {
		h.add(i+1, code)
	}
	entry := func(number int, code any) [3]any { return [3]any{session, number, code} }
	for _, c := range []struct {
		name    string
		request historyRequest
		want    [][3]any
	}{
		{"all", historyRequest{Access: "tail"}, [][3]any{entry(1, "a"), entry(2, "b/c"), entry(3, "a"), entry(4, "d")}},
		{"the last", historyRequest{Access: "tail", N: 1}, [][3]any{entry(4, "d")}},
		{"more than there are", historyRequest{Access: "tail", N: 9, Output: true},
			[][3]any{entry(1, [2]any{"a", nil}), entry(2, [2]any{"b/c", nil}), entry(3, [2]any{"a", nil}), entry(4, [2]any{"d", nil})}},
		{"range", historyRequest{Access: "range", Start: 2, Stop: 4}, [][3]any{entry(2, "b/c"), entry(3, "a")}},
		{"open range", historyRequest{Access: "range", Start: 3}, [][3]any{entry(3, "a"), entry(4, "d")}},
		{"search", historyRequest{Access: "search", Pattern: "*c"}, [][3]any{entry(2, "b/c")}},
		{"one character", historyRequest{Access: "search", Pattern: "?", N: 2}, [][3]any{entry(3, "a"), entry(4, "d")}},
		{"unique", historyRequest{Access: "search", Pattern: "?", Unique: true}, [][3]any{entry(3, "a"), entry(4, "d")}},
		{"no pattern but text", historyRequest{Access: "search", Pattern: "a.*"}, [][3]any{}},
	} {
		if diff := cmp.Diff(c.want, h.find(c.request)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	if h.code(2) != "b/c" || h.code(9) != "" {
		t.Errorf("codes %q and %q", h.code(2), h.code(9))
	}
}
