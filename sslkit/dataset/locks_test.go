package dataset

import (
	"context"
	"path/filepath"
	"testing"
	"time"
)

// Nobody waits for a lock whose context has ended.
func TestLocksEnd(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	l, err := openLocks(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if !l.try(atWork) {
		t.Fatal("somebody is at work")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if other, err := openLocks(ctx, dir); err == nil {
		other.close()
		t.Error("a cache is open from which somebody removes things")
	}
	l.unlock(atWork)
	other, err := openLocks(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if l.try(atWork) {
		t.Error("two are at work, and one removes things")
	}
	other.close()
	if !l.try(atWork) {
		t.Error("a lock outlives who had it")
	}
	l.close()
}
