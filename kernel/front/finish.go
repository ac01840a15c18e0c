package front

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"strings"
	"time"

	"github.com/gossl/gossl/kernel/progress"
	"github.com/gossl/gossl/kernel/wire"
)

// finish publishes how the running cell ended: what is still held back, its
// result, its error, the reply, and last that the kernel is idle.
func (f *front) finish(r *running, e *ending) {
	f.pipes.Do(func() { // between two outputs
		if e != nil && e.crash {
			f.mu.Lock()
			defer f.mu.Unlock()
			r.crash.release() // it is the traceback
			return
		}
		f.release(r)
	})
	f.mu.Lock()
	shown, footer := r.shown, f.footer(r)
	f.mu.Unlock()
	for _, data := range shown {
		f.publish("execute_result", r.request, content{"execution_count": r.count, "data": data, "metadata": content{}})
	}
	if footer != "" {
		f.publish("display_data", r.request, content{"metadata": content{}, "data": content{
			"text/plain": footer,
			"text/html":  `<div style="font-size:80%;opacity:.6">` + html.EscapeString(footer) + `</div>`,
		}})
	}
	f.end(r, e)
}

// end publishes a cell's error, if it has one, its reply, and that the kernel is idle.
func (f *front) end(r *running, e *ending) {
	c := content{"status": "ok", "user_expressions": r.expressions, "payload": []any{}}
	if e != nil {
		if e.page != "" {
			f.publish("display_data", r.request, content{"metadata": content{}, "data": content{"text/plain": e.value, "text/html": e.page}})
		}
		c = failure(e.name, e.value, e.traceback...)
		f.publishError(r.request, c)
	}
	c["execution_count"] = r.count
	f.mu.Lock()
	timing := r.timing()
	f.mu.Unlock()
	r.behind = len(f.queue) // counted before the reply: what a client sends later it sends knowing of the failure
	f.reply(f.jupyter.shell, r.request, c, content{
		"started": r.start.UTC().Format(time.RFC3339Nano), "status": c["status"],
		"dependencies_met": true, "sslkit": timing,
	})
	f.publish("status", r.request, content{"execution_state": "idle"})
}

// publishError publishes a reply's error as an output of the cell. It has no status:
// Jupyter writes it into the notebook as it is, and the format knows of none there.
func (f *front) publishError(request *wire.Message, reply content) {
	c := maps.Clone(reply)
	delete(c, "status")
	f.publish("error", request, c)
}

// timing is what a cell took, for the reply's metadata. front.mu is held.
func (r *running) timing() content {
	t := content{"total_seconds": time.Since(r.start).Seconds()}
	if r.build != nil {
		t["build_seconds"] = r.build.Seconds
	}
	if r.end != nil {
		t["run_seconds"], t["cpu_seconds"] = r.end.Seconds, r.end.CPUSeconds
		t["peak_memory"], t["exit_code"] = r.end.PeakMemory, r.end.Code
	}
	if r.device != nil {
		t["device"] = r.device
	}
	return t
}

// footer is the times of a cell that took long, in a line; "" for others. front.mu is held.
func (f *front) footer(r *running) string {
	if r.end == nil || time.Since(r.start) < f.limits.Long {
		return ""
	}
	seconds := func(s float64) string { return progress.Seconds(time.Duration(s * float64(time.Second))) }
	parts := []string{
		"build " + seconds(r.build.Seconds), "run " + seconds(r.end.Seconds), "peak memory " + size(r.end.PeakMemory),
	}
	var device struct {
		Peak int64 `json:"peak_memory"`
	}
	if r.device != nil && json.Unmarshal(r.device, &device) == nil && device.Peak > 0 {
		parts = append(parts, fmt.Sprintf("on the device %s", size(device.Peak)))
	}
	return strings.Join(parts, " · ")
}

// size is a number of bytes in MiB or GiB.
func size(bytes int64) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%.0f MiB", float64(bytes)/(1<<20))
	}
	return fmt.Sprintf("%.2f GiB", float64(bytes)/(1<<30))
}
