package device

import (
	"fmt"
	"os"
	"strings"
)

// Memory is what a device, or the process, has in use.
type Memory struct {
	InUse int64 // bytes
	Peak  int64 // bytes, the most at any moment so far

	// Source says what was counted: "device allocator" or "process resident
	// memory". The two must not be compared.
	Source string
}

// The sources.
const (
	allocatorSource = "device allocator"
	processSource   = "process resident memory"
)

// OnDevice reports whether memory of a device of its own was counted, rather
// than that of the process.
func (m Memory) OnDevice() bool { return m.Source == allocatorSource }

// String is the peak in MiB and what was counted.
func (m Memory) String() string {
	return fmt.Sprintf("%.0f MiB (%s)", float64(m.Peak)/(1<<20), m.Source)
}

// Memory returns the memory in use now and at the peak: as counted by the
// device's allocator where it does so (CUDA), else the resident memory of the
// process, which for a CPU is the same memory. Of several accelerators it is that of the
// one which has most. A device of [Target.Open] has none.
func (d *Device) Memory() (Memory, error) {
	if d.target != nil {
		return Memory{}, fmt.Errorf("device: memory of %s: the device is not there; Device.Plan says what a program needs", d.Name)
	}
	most := Memory{Source: allocatorSource}
	for _, a := range d.allocators {
		inUse, peak, _, err := a.memory()
		if err != nil && d.Kind == CUDA {
			return Memory{}, fmt.Errorf("device: memory of %s: %w", d.Name, err)
		}
		if err != nil {
			return processMemory()
		}
		most.InUse, most.Peak = max(most.InUse, inUse), max(most.Peak, peak)
	}
	if len(d.allocators) == 0 {
		return processMemory()
	}
	return most, nil
}

// ResetPeak makes the peak of [Device.Memory] begin anew, where that can be
// done: for the process's memory, not for a device's allocator.
func (d *Device) ResetPeak() {
	if d.Kind != CUDA {
		_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // Linux 4.0 or later; else the peak stays
	}
}

// Free returns how many bytes a program can still ask of the device: what its
// allocator has left of its limit where it tells (CUDA), else the memory that
// Linux counts as available, which for a CPU is the same memory. Of several accelerators
// it is that of the one which has least; virtual ones share it evenly. For a device of
// [Target.Open] it is what XLA's allocator would take of an idle one.
func (d *Device) Free() (int64, error) {
	if d.target != nil {
		return d.target.Memory / 4 * 3, nil // the allocator's memory_fraction
	}
	least := int64(-1)
	for _, a := range d.allocators {
		inUse, _, limit, err := a.memory()
		if err != nil || limit < 0 {
			break
		}
		if free := max(limit-inUse, 0); least < 0 || free < least {
			least = free
		}
	}
	if least >= 0 {
		return least, nil
	}
	const path = "/proc/meminfo"
	info, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("device: free memory: %w", err)
	}
	for line := range strings.Lines(string(info)) {
		var kib int64
		if scan(line, "MemAvailable: %d kB", &kib) {
			return kib << 10 / int64(d.Count), nil
		}
	}
	return 0, fmt.Errorf("device: %s has no MemAvailable line", path)
}

// processMemory reads the resident set from Linux's process table.
func processMemory() (Memory, error) {
	const path = "/proc/self/status"
	status, err := os.ReadFile(path)
	if err != nil {
		return Memory{}, fmt.Errorf("device: memory of the process: %w", err)
	}
	m := Memory{Source: processSource}
	for line := range strings.Lines(string(status)) {
		var kib int64
		switch {
		case scan(line, "VmRSS: %d kB", &kib):
			m.InUse = kib << 10
		case scan(line, "VmHWM: %d kB", &kib):
			m.Peak = kib << 10
		}
	}
	if m.Peak == 0 {
		return Memory{}, fmt.Errorf("device: %s has no VmHWM line", path)
	}
	return m, nil
}

func scan(line, format string, value *int64) bool {
	_, err := fmt.Sscanf(line, format, value)
	return err == nil
}
