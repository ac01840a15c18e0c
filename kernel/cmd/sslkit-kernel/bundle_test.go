package main

import (
	"strings"
	"testing"
)

func TestBytesOf(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "1": 1, "900k": 900_000, "60M": 60_000_000, "2G": 2_000_000_000} {
		if got, err := bytesOf(text); err != nil || got != want {
			t.Errorf("%q: %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"M", "60MB", "0", "-1M", "6.5M", "99999999999G", "k60"} {
		if got, err := bytesOf(text); err == nil || !strings.Contains(err.Error(), "--split "+text+": want a size in bytes, for example --split 60M") {
			t.Errorf("%q: %d, %v, want an error with an example", text, got, err)
		}
	}
}

func TestBundleErrors(t *testing.T) {
	newHome(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "0 arguments, want one, the folder to make; for example:"},
		{[]string{t.TempDir(), "--split", "much"}, "--split much"},
		{[]string{t.TempDir(), "--plugin", "rocm"}, `bundle: plugin "rocm": want cpu, cuda or none`},
		{[]string{t.TempDir(), "--plugin", "cuda"}, "SSLKIT_CUDA=1 make setup"},
	} {
		if _, err := call(bundleCommand, c.args...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: error %v, want %q in it", c.args, err, c.want)
		}
	}
}
