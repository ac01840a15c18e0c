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
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// pixelLimit is the most pixels that an image may have: a few bytes of a file
// can claim more than memory holds.
const pixelLimit = 100_000_000

// A damage says why the content of a file is not an image; other errors mean
// that the file could not be read.
type damage struct{ reason error }

func (d *damage) Error() string { return d.reason.Error() }

// A fileReader opens and decodes one image file after another. It is for one
// goroutine.
type fileReader struct {
	file   remembering
	buffer bufio.Reader
	rgb    rgbReader
}

// A header is what is known of an image before it is decoded.
type header struct {
	height, width int32
	memory        int32 // bytes that decoding it takes, about; decodeLimit at most
	turn          turn
}

// header returns what a file's header promises; the turn is that of its EXIF data
// if that is wanted. Its errors name the path, unless they are a [damage].
func (r *fileReader) header(path string, upright bool) (h header, err error) {
	err = r.open(path, func(format *format) error {
		config, err := format.config(&r.buffer)
		if err != nil {
			return err
		}
		if err := checkSize(config.Height, config.Width); err != nil {
			return err
		}
		h.height, h.width = int32(config.Height), int32(config.Width)
		memory := pixelBytes(config.ColorModel) * config.Height * config.Width
		if model, ok := config.ColorModel.(jpegModel); ok {
			memory = model.frame.memory(config.Height * config.Width)
		}
		h.memory = int32(min(memory, decodeLimit))
		if upright {
			h.turn = readTurn(&r.file, format)
		}
		return nil
	})
	return h, err
}

// checkSize returns an error unless an image may have that size.
func checkSize(height, width int) error {
	if height < 1 || width < 1 {
		return fmt.Errorf("an image of %d×%d pixels", width, height)
	}
	if width > pixelLimit/height {
		return fmt.Errorf("%d×%d are too many pixels, want at most %d million", width, height, pixelLimit/1_000_000)
	}
	return nil
}

// pixels returns what a plan makes of a file, [height, width, 3]. Its errors name
// the path, unless they are a [damage].
func (r *fileReader) pixels(path string, p plan) (pixels []uint8, err error) {
	err = r.open(path, func(format *format) error {
		picture, err := format.decode(&r.buffer)
		if err != nil {
			return err
		}
		if format.frame {
			picture, err = onGround(picture, p.height, p.width)
			if err != nil {
				return err
			}
		}
		if size := picture.Bounds().Size(); size.X != p.width || size.Y != p.height {
			return fmt.Errorf("%d×%d pixels after a header that says %d×%d", size.X, size.Y, p.width, p.height)
		}
		lines, err := r.rgb.lines(picture)
		if err != nil {
			return err
		}
		pixels = p.take(lines)
		return nil
	})
	return pixels, err
}

// onGround puts the first picture of a GIF where it belongs on its page, which is
// black and of the wanted size.
func onGround(picture image.Image, height, width int) (image.Image, error) {
	page := image.Rect(0, 0, width, height)
	frame, ok := picture.(*image.Paletted)
	if !ok || frame.Rect == page {
		return picture, nil
	}
	if !frame.Rect.In(page) {
		return nil, fmt.Errorf("a picture at %v on a page of %d×%d pixels", frame.Rect, width, height)
	}
	ground := image.NewNRGBA(page)
	colours := paletteRGB(frame.Palette)
	for y := frame.Rect.Min.Y; y < frame.Rect.Max.Y; y++ {
		for x := frame.Rect.Min.X; x < frame.Rect.Max.X; x++ {
			copy(ground.Pix[ground.PixOffset(x, y):], colours[frame.ColorIndexAt(x, y)][:])
		}
	}
	return ground, nil
}

// open calls read with the format of a file's content, which is in r.buffer and
// r.file. What read returns is a damage, unless reading the file failed.
func (r *fileReader) open(path string, read func(*format) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err // has the path
	}
	defer file.Close()
	r.file = remembering{file: file}
	r.buffer.Reset(&r.file)
	format, err := sniff(&r.buffer)
	if err == nil {
		err = read(format)
	}
	switch {
	case r.file.err != nil:
		return r.file.err // has the path
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return &damage{errors.New("truncated")}
	case err != nil:
		return &damage{err}
	}
	return nil
}

// A remembering reader knows the error, other than io.EOF, that ended it:
// decoders may hide it behind one of their own.
type remembering struct {
	file *os.File
	err  error
}

func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.file.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

func (r *remembering) Seek(offset int64, whence int) (int64, error) {
	return r.file.Seek(offset, whence)
}

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
