// Package par shares work among the processors.
package par

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// Do does pieces 0 to n−1 of some work, on all processors. Each of its goroutines
// calls start for a function of its own that does a piece, with memory that it
// shares with nobody. After an error, or when the context ends, no new piece is
// begun. Do returns the context's error if that has ended, else the first one.
func Do(outer context.Context, n int, start func() func(i int) error) error {
	ctx, stop := context.WithCancelCause(outer)
	defer stop(nil)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), n) {
		workers.Go(func() {
			work := start()
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := work(i); err != nil {
					stop(err)
					return
				}
			}
		})
	}
	workers.Wait()
	if err := outer.Err(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// Each is [Do] for work that cannot fail and needs no memory of its own.
func Each(ctx context.Context, n int, work func(i int)) error {
	return Do(ctx, n, func() func(int) error {
		return func(i int) error {
			work(i)
			return nil
		}
	})
}
