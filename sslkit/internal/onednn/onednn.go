// Package onednn lets oneDNN compute the convolutions of XLA's programs on a CPU. XLA's own take up to twice as long.
//
// [Load] loads the library and [Register] tells a PJRT plugin of a custom call that it computes. [Rewrite] exchanges the
// convolutions of a program, a StableHLO text, for such calls, forward and both gradients; those that it does not know, or
// oneDNN has no fast code for on this CPU, stay with XLA.
//
// A call is cut into as many pieces as XLA has threads, and each of those threads computes one: oneDNN starts no threads of
// its own. A piece is some images of the batch or, where weights are larger than what they are convolved with, some channels:
// then no thread reads all weights. Sums over the batch are made in the order of the pieces, so the last bits of a gradient
// depend on the number of threads, but not on chance.
package onednn

// #cgo CFLAGS: -O2
// #cgo LDFLAGS: -ldl -lpthread
// #include "conv.h"
// #include <stdlib.h>
import "C"

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"
)

var load struct {
	once    sync.Once
	version string
	err     error
}

// Load loads the library from a file, once in a process, and returns its version, such as "3.2.0".
func Load(path string) (version string, err error) {
	load.once.Do(func() { load.version, load.err = open(path) })
	return load.version, load.err
}

func open(path string) (version string, err error) {
	cPath := C.CString(path)
	defer C.free(unsafe.Pointer(cPath))
	var m message
	if !C.conv_load(cPath, &m[0], C.size_t(len(m))) {
		return "", fmt.Errorf("oneDNN in %s: %w", path, m.err())
	}
	var major, minor, patch C.int
	C.conv_version(&major, &minor, &patch)
	return fmt.Sprintf("%d.%d.%d", major, minor, patch), nil
}

// Register makes the custom call known to a plugin, whose function table api is. The library must be loaded.
func Register(api unsafe.Pointer) error {
	var m message
	if !C.conv_register(api, &m[0], C.size_t(len(m))) {
		return fmt.Errorf("oneDNN: %w", m.err())
	}
	return nil
}

// message receives the text of an error from C.
type message [512]C.char

func (m *message) err() error { return errors.New(C.GoString(&m[0])) }

// kind says which of a convolution's three tensors is computed from the other two.
type kind int

const (
	forward kind = iota
	inputGradient
	weightGradient
)

// A conv is a convolution without dilation or groups, in the layout of [Rewrite].
type conv struct {
	kind            kind
	bf16            bool
	x, weights, y   [4]int // [n, h, w, c], [kh, kw, c, o], [n, oh, ow, o]
	stride, padding [2]int // padding: above and to the left
}

// supported reports whether oneDNN has code for a convolution on this CPU that is faster than plain loops.
func (c conv) supported() bool {
	if c.x[0] != c.y[0] || c.weights[2] != c.x[3] || c.weights[3] != c.y[3] {
		return false
	}
	shape := C.conv_shape{
		kind: C.int64_t(c.kind),
		n:    C.int64_t(c.x[0]), h: C.int64_t(c.x[1]), w: C.int64_t(c.x[2]), c: C.int64_t(c.x[3]),
		oh: C.int64_t(c.y[1]), ow: C.int64_t(c.y[2]), o: C.int64_t(c.y[3]),
		kh: C.int64_t(c.weights[0]), kw: C.int64_t(c.weights[1]),
		stride_h: C.int64_t(c.stride[0]), stride_w: C.int64_t(c.stride[1]),
		pad_h: C.int64_t(c.padding[0]), pad_w: C.int64_t(c.padding[1]),
	}
	if c.bf16 {
		shape.bf16 = 1
	}
	return bool(C.conv_supports(&shape))
}
