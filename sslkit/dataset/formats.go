package dataset

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// imageEndings are how the names of images end.
var imageEndings = []string{".jpg", ".jpeg", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}

func isImageName(name string) bool {
	return slices.Contains(imageEndings, strings.ToLower(filepath.Ext(name)))
}

// A format is a kind of image file.
type format struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
	frame  bool // what decode returns may be smaller than config says: it lies on a black ground
}

var (
	jpegFormat = format{config: jpegConfig, decode: jpeg.Decode}
	pngFormat  = format{config: png.DecodeConfig, decode: png.Decode}
	gifFormat  = format{config: gif.DecodeConfig, decode: gif.Decode, frame: true} // of the first picture
	bmpFormat  = format{config: bmp.DecodeConfig, decode: bmp.Decode}
	tiffFormat = format{config: tiff.DecodeConfig, decode: tiff.Decode}
	webpFormat = format{config: webpConfig, decode: webpDecode}
)

// sniff finds out the format of what a reader begins with.
func sniff(r *bufio.Reader) (*format, error) {
	start, err := r.Peek(12)
	has := func(at int, text string) bool {
		return len(start) >= at+len(text) && string(start[at:at+len(text)]) == text
	}
	switch {
	case has(0, "\xff\xd8\xff"):
		return &jpegFormat, nil
	case has(0, "\x89PNG\r\n\x1a\n"):
		return &pngFormat, nil
	case has(0, "GIF87a"), has(0, "GIF89a"):
		return &gifFormat, nil
	case has(0, "RIFF") && has(8, "WEBP"):
		return &webpFormat, nil
	case has(0, "II*\x00"), has(0, "MM\x00*"):
		return &tiffFormat, nil
	case has(0, "BM"):
		return &bmpFormat, nil
	case len(start) == 0 && err == io.EOF:
		return nil, errors.New("empty")
	case has(4, "ftyp"):
		return nil, fmt.Errorf("neither JPEG, PNG, WebP, GIF, BMP nor TIFF: of the kind %q, as HEIC, AVIF and films are", start[8:])
	}
	return nil, errors.New("neither JPEG, PNG, WebP, GIF, BMP nor TIFF")
}

// webpConfig is webp.DecodeConfig, which has no words for films.
func webpConfig(r io.Reader) (image.Config, error) {
	if buffer, ok := r.(*bufio.Reader); ok {
		const flags, animated = 20, 1 << 1
		if start, _ := buffer.Peek(flags + 1); len(start) > flags && string(start[12:16]) == "VP8X" && start[flags]&animated != 0 {
			return image.Config{}, errors.New("an animated WebP: save one picture of it")
		}
	}
	return webp.DecodeConfig(r)
}

// webpDecode is webp.Decode, and says of which range the colours are.
func webpDecode(r io.Reader) (image.Image, error) {
	picture, err := webp.Decode(r)
	switch p := picture.(type) {
	case *image.YCbCr:
		return studio{p}, err
	case *image.NYCbCrA:
		return studio{&p.YCbCr}, err
	}
	return picture, err
}

// pixelBytes is about how many bytes a pixel takes while a picture is decoded.
func pixelBytes(model color.Model) int {
	switch model {
	case color.GrayModel:
		return 2
	case color.RGBA64Model, color.NRGBA64Model:
		return 16
	}
	return 8 // of four channels, with as much for what decoders copy
}
