package device_test

import (
	"runtime/debug"
	"testing"

	"github.com/gossl/gossl/sslkit/device"
)

// The peak forgets what is given back before it is reset.
func TestResetPeak(t *testing.T) {
	d, err := device.Open(device.Go)
	if err != nil {
		t.Fatal(err)
	}
	peak := func() int64 {
		m, err := d.Memory()
		if err != nil {
			t.Fatal(err)
		}
		return m.Peak
	}
	const size = 256 << 20
	d.ResetPeak() // of the tests before this one
	before := peak()
	block := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		block[i] = 1
	}
	high := peak()
	if high < before+size/2 {
		t.Fatalf("the peak went from %d to %d bytes with a block of %d", before, high, size)
	}
	block = nil
	_ = block
	debug.FreeOSMemory()
	d.ResetPeak()
	if low := peak(); low > high-size/2 {
		t.Errorf("the peak is %d bytes after the reset, %d before", low, high)
	}
}
