package pipes

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"

	"github.com/gossl/gossl/kernel/gonb/value"
)

// picture encodes the pixels that a cell shows, as package value writes them.
func picture(frame []byte) (mime, text string, err error) {
	if len(frame) < value.Header {
		return "", "", fmt.Errorf("a picture of %d bytes has no header", len(frame))
	}
	wide, high := int(binary.LittleEndian.Uint32(frame)), int(binary.LittleEndian.Uint32(frame[4:]))
	model, pixels := frame[8], frame[value.Header:]
	size := value.Size(model)
	if wide == 0 || high == 0 || len(pixels) != wide*high*size {
		return "", "", fmt.Errorf("a picture of %d×%d pixels has %d bytes", wide, high, len(pixels))
	}
	box, stride := image.Rect(0, 0, wide, high), wide*size
	var m image.Image
	switch model {
	case value.Gray:
		m = &image.Gray{Pix: pixels, Stride: stride, Rect: box}
	case value.Gray16:
		m = &image.Gray16{Pix: pixels, Stride: stride, Rect: box}
	case value.NRGBA:
		m = &image.NRGBA{Pix: pixels, Stride: stride, Rect: box}
	case value.NRGBA64:
		m = &image.NRGBA64{Pix: pixels, Stride: stride, Rect: box}
	default:
		return "", "", fmt.Errorf("a picture has pixels of kind %d", model)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		return "", "", err
	}
	return "image/png", base64.StdEncoding.EncodeToString(b.Bytes()), nil
}
