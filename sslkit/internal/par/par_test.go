package par

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

func TestEachDoesAllOnce(t *testing.T) {
	for _, n := range []int{0, 1, 1000} {
		did := make([]atomic.Int64, n)
		if err := Each(t.Context(), n, func(i int) { did[i].Add(1) }); err != nil {
			t.Fatal(err)
		}
		for i := range did {
			if times := did[i].Load(); times != 1 {
				t.Errorf("piece %d of %d was done %d times", i, n, times)
			}
		}
	}
}

func TestDoStops(t *testing.T) {
	failed := errors.New("failed")
	var did atomic.Int64
	work := func(i int) error {
		if did.Add(1); i == 3 {
			return failed
		}
		time.Sleep(time.Microsecond) // the other workers must not do all before the failure is known
		return nil
	}
	start := func() func(int) error { return work }
	const many = 1_000_000
	if err := Do(t.Context(), many, start); err != failed || did.Load() == many {
		t.Errorf("got %v after %d pieces, want the work's error, early", err, did.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	did.Store(0)
	if err := Do(ctx, 10, start); err != context.Canceled || did.Load() != 0 {
		t.Errorf("got %v after %d pieces, want %v and none", err, did.Load(), context.Canceled)
	}
}
