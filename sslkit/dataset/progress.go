package dataset

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gossl/gossl/sslkit/internal/par"
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

// parallel is [par.Do] whose pieces m counts.
func parallel(ctx context.Context, n int, m *meter, start func() func(i int) error) error {
	err := par.Do(ctx, n, func() func(int) error {
		work := start()
		return func(i int) error {
			err := work(i)
			if err == nil {
				m.add(1)
			}
			return err
		}
	})
	m.end()
	if ctx.Err() != nil { // it may have been ended by what m reports to
		return ctx.Err()
	}
	return err
}
