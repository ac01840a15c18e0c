package dataset

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// progressEvery is the least time between two calls of a [Progress].
const progressEvery = 200 * time.Millisecond

// A meter counts work done by many goroutines and tells a [Progress] of it.
type meter struct {
	report Progress // may be nil
	what   string
	total  int64
	done   atomic.Int64

	calling sync.Mutex // held while report runs
	last    time.Time  // it ran
}

func newMeter(report Progress, what string, total int64) *meter {
	return &meter{report: report, what: what, total: total, last: time.Now()}
}

// add counts n more.
func (m *meter) add(n int64) {
	m.done.Add(n)
	if m.report == nil || !m.calling.TryLock() {
		return
	}
	defer m.calling.Unlock()
	if now := time.Now(); now.Sub(m.last) >= progressEvery {
		m.last = now
		m.report(m.what, m.done.Load(), m.total)
	}
}

// end tells of all that was done. Nobody may add to it any more.
func (m *meter) end() {
	if m.report != nil {
		m.report(m.what, m.done.Load(), m.total)
	}
}

// parallel does n pieces of work, which m counts, on all processors. Each of
// its goroutines calls start for a function of its own that does piece i.
// It returns the context's error if that has ended, else the first one.
func parallel(outer context.Context, n int, m *meter, start func() func(i int) error) error {
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
				m.add(1)
			}
		})
	}
	workers.Wait()
	m.end()
	if err := outer.Err(); err != nil {
		return err
	}
	return context.Cause(ctx)
}
