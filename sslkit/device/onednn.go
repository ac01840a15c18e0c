package device

// #include "pjrt.h"
import "C"

import (
	"errors"
	"os"
	"path/filepath"
	"unsafe"

	"github.com/gossl/gossl/internal/place"
	"github.com/gossl/gossl/sslkit/internal/onednn"
)

// useOneDNN lets oneDNN compute the convolutions of a plugin's programs, if it is installed beside the plugin and suits this
// machine. SSLKIT_ONEDNN=off in the environment leaves them to XLA.
func (p *plugin) useOneDNN() error {
	if os.Getenv("SSLKIT_ONEDNN") == "off" {
		return nil
	}
	path, err := filepath.EvalSymlinks(filepath.Join(place.Plugins(place.Home()), place.OneDNN))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	version, err := onednn.Load(path)
	if err != nil {
		return err
	}
	if err := onednn.Register(unsafe.Pointer(p.api)); err != nil {
		return err
	}
	p.convolver = version
	return nil
}
