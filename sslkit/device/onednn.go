package device

// #include "pjrt.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"github.com/gossl/gossl/internal/place"
	"github.com/gossl/gossl/sslkit/internal/onednn"
)

// useOneDNN lets oneDNN compute the convolutions of the programs that the plugin is given
// from now on, if it is installed. SSLKIT_ONEDNN=off in the environment leaves them to XLA;
// so does a library that cannot be used, which is said once.
func (p *plugin) useOneDNN() {
	if os.Getenv("SSLKIT_ONEDNN") == "off" {
		return
	}
	path, err := findLibrary(place.OneDNN)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	var version string
	if err == nil {
		version, err = onednn.Load(path)
	}
	if err == nil {
		err = onednn.Register(unsafe.Pointer(p.api))
	}
	if err != nil {
		say(fmt.Sprintf("convolutions are XLA's own, which are slower: %v", err))
		return
	}
	p.oneDNN = version
}

// convolutionsBy says what computes the convolutions of a CPU's programs; "" for other devices.
func convolutionsBy(kind Kind) string {
	switch {
	case kind != CPU:
		return ""
	case slots[CPU].oneDNN == "":
		return "convolutions by XLA"
	}
	return "convolutions by oneDNN " + slots[CPU].oneDNN
}
