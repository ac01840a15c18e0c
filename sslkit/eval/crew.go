package eval

import (
	"cmp"
	"sync"

	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
)

// A crew is a device's accelerators, which take batches in turn and work on them at the same
// time. Each runs the program of one, so the numbers are those of one.
type crew struct {
	device *device.Device
	jobs   []func(accelerator int) error // that wait until there is one for each
}

// take gives the next accelerator a job. It may return before the job is done, or with the
// error of another: see finish.
func (c *crew) take(job func(accelerator int) error) error {
	c.jobs = append(c.jobs, job)
	if len(c.jobs) < c.device.Count {
		return nil
	}
	return c.finish()
}

// finish waits until all jobs are done.
func (c *crew) finish() error {
	errs := make([]error, len(c.jobs))
	var all sync.WaitGroup
	for k, job := range c.jobs[min(1, len(c.jobs)):] {
		all.Go(func() { errs[k+1] = job(k + 1) })
	}
	if len(c.jobs) > 0 {
		errs[0] = c.jobs[0](0)
	}
	all.Wait()
	c.jobs = nil
	return cmp.Or(errs...)
}

// spread is a tensor of the first accelerator with copies of it on the others.
type spread []*tensors.Tensor

func newSpread(d *device.Device, x *tensors.Tensor) (spread, error) {
	s := spread{x}
	for k := 1; k < d.Count; k++ {
		copied, err := d.Copy(x, k)
		if err != nil {
			s.free()
			return nil, err
		}
		s = append(s, copied)
	}
	return s, nil
}

// free releases the copies.
func (s spread) free() {
	for k := 1; k < len(s); k++ {
		s[k].MustFinalizeAll()
	}
}
