package proc

import "sync"

// Tail keeps the last bytes of what is written to it, for whoever wants to know why a
// program failed. It may be read at any time.
type Tail struct {
	Size int // 0: 8 KiB

	mu   sync.Mutex
	kept []byte
}

func (t *Tail) size() int {
	if t.Size == 0 {
		return 8 << 10
	}
	return t.Size
}

// Write takes text. It never fails.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p[max(0, len(p)-t.size()):]...)
	if over := len(t.kept) - t.size(); over > t.size() { // not each time: most writes are small
		t.kept = t.kept[:copy(t.kept, t.kept[over:])]
	}
	return len(p), nil
}

// String returns what is kept.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept[max(0, len(t.kept)-t.size()):])
}
