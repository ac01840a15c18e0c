package dataset

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

func TestParallel(t *testing.T) {
	for _, n := range []int{0, 1, 1000} {
		var last, total int64 = -1, -1
		counter := newMeter(func(what string, done, of int64) { last, total = done, of }, "counting", int64(n))
		seen := make([]atomic.Int32, n)
		var workers atomic.Int32
		err := parallel(t.Context(), n, counter, func() func(int) error {
			workers.Add(1)
			return func(i int) error {
				seen[i].Add(1)
				return nil
			}
		})
		if err != nil || last != int64(n) || total != int64(n) || int(workers.Load()) != min(n, runtime.GOMAXPROCS(0)) {
			t.Errorf("%d pieces: error %v, %d of %d done by %d workers", n, err, last, total, workers.Load())
		}
		for i := range seen {
			if times := seen[i].Load(); times != 1 {
				t.Errorf("piece %d was done %d times", i, times)
			}
		}
	}
}

func TestParallelStops(t *testing.T) {
	wrong := errors.New("wrong")
	var done atomic.Int32
	work := func(i int) error {
		done.Add(1)
		if i == 5 {
			return wrong
		}
		time.Sleep(time.Microsecond)
		return nil
	}
	err := parallel(t.Context(), 1_000_000, newMeter(nil, "", 0), func() func(int) error { return work })
	if err != wrong || done.Load() > 500_000 {
		t.Errorf("got error %v after %d pieces, want %v soon after the sixth", err, done.Load(), wrong)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := parallel(ctx, 10, newMeter(nil, "", 0), func() func(int) error { return work }); err != context.Canceled {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}

// Calls come one at a time, seldom, and with growing numbers.
func TestMeter(t *testing.T) {
	const n, pause = 60, 10 * time.Millisecond
	var inside atomic.Int32
	var last int64
	calls := 0
	counter := newMeter(func(what string, done, total int64) {
		if inside.Add(1) != 1 {
			t.Error("two calls at a time")
		}
		if what != "sleeping" || total != n || done < last {
			t.Errorf("%s: %d of %d, after %d", what, done, total, last)
		}
		last = done
		calls++
		inside.Add(-1)
	}, "sleeping", n)
	start := time.Now()
	err := parallel(t.Context(), n, counter, func() func(int) error {
		return func(int) error {
			time.Sleep(pause)
			return nil
		}
	})
	if most := 1 + int(time.Since(start)/progressEvery); err != nil || last != n || calls < 1 || calls > most {
		t.Errorf("error %v, %d of %d, %d calls, want %d at most", err, last, n, calls, most)
	}
}
