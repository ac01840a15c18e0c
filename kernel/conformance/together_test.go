package conformance

import (
	"context"
	"sync"
	"time"
)

// runTogether sends cells one after the other, without waiting for replies, and returns what became of each.
func (k *kernel) runTogether(codes ...string) []outcome {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), limit)
	defer cancel()
	outcomes := make([]outcome, len(codes))
	var wait sync.WaitGroup
	for i, code := range codes {
		wait.Go(func() {
			reply, err := k.Execute(ctx, code, outcomes[i].take)
			if err != nil {
				k.t.Errorf("%q: %v", code, err)
				return
			}
			outcomes[i].finish(k.t, reply)
		})
		time.Sleep(50 * time.Millisecond) // the next one comes later
	}
	wait.Wait()
	return outcomes
}
