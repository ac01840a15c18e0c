package dataset

import (
	"bufio"
	"bytes"
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

	"github.com/bep/imagemeta"
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
	height, width int
	turn          turn
	memory        int64 // bytes that decoding it takes, about
}

// header returns what a file's header promises; the turn is that of its EXIF data
// if that is wanted. Its errors name the path, unless they are a [damage].
func (r *fileReader) header(path string, upright bool) (h header, err error) {
	err = r.open(path, func(format *format) error {
		config, err := format.config(&r.buffer)
		if err != nil {
			return err
		}
		h.height, h.width = config.Height, config.Width
		if err := checkSize(h.height, h.width); err != nil {
			return err
		}
		if model, ok := config.ColorModel.(jpegModel); ok {
			h.memory = int64(model.frame.memory(h.height * h.width))
		} else {
			h.memory = int64(pixelBytes(config.ColorModel) * h.height * h.width)
		}
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

// A jpegFrame is what the frame header of a JPEG says about how it is stored.
// ITU-T T.81, B.2.2.
type jpegFrame struct {
	process  byte // the last digit of the marker: 0 and 1 sequential, 2 progressive, 3 lossless, 9 and more arithmetic
	bits     int  // of a sample
	sampling [][2]int
}

// jpegConfig is jpeg.DecodeConfig with more to say about files that it cannot
// read. Of its result's color model, [jpegModel] tells how much memory it takes.
func jpegConfig(r io.Reader) (image.Config, error) {
	buffer, ok := r.(*bufio.Reader)
	if !ok {
		buffer = bufio.NewReader(r)
	}
	var head bytes.Buffer
	config, err := jpeg.DecodeConfig(io.TeeReader(buffer, &head))
	frame, found := readJPEGFrame(head.Bytes())
	var unsupported jpeg.UnsupportedError
	if errors.As(err, &unsupported) && found {
		return config, fmt.Errorf("%s, which cannot be read: save it anew, as ImageMagick's convert -sampling-factor 4:2:0 does", frame)
	}
	if err == nil && found {
		config.ColorModel = jpegModel{config.ColorModel, frame}
	}
	return config, err
}

// jpegModel is the color model of a JPEG whose frame is known.
type jpegModel struct {
	color.Model
	frame jpegFrame
}

// readJPEGFrame finds the frame header in the first bytes of a JPEG.
func readJPEGFrame(data []byte) (frame jpegFrame, found bool) {
	for at := 2; at+4 <= len(data); {
		if data[at] != 0xff {
			return frame, false
		}
		marker := data[at+1]
		if marker == 0xff { // fill
			at++
			continue
		}
		body := data[at+4:]
		at += 2 + int(data[at+2])<<8 + int(data[at+3])
		if marker < 0xc0 || marker > 0xcf || marker == 0xc4 || marker == 0xc8 || marker == 0xcc {
			continue
		}
		if len(body) < 6 || len(body) < 6+3*int(body[5]) {
			return frame, false
		}
		frame.process, frame.bits = marker&15, int(body[0])
		for c := range int(body[5]) {
			factors := body[6+3*c+1]
			frame.sampling = append(frame.sampling, [2]int{int(factors >> 4), int(factors & 15)})
		}
		return frame, true
	}
	return frame, false
}

// String describes the frame: "a JPEG of 8 bits with sampling 3×1, 1×1, 1×1".
func (f jpegFrame) String() string {
	kind := "a JPEG"
	switch {
	case f.process == 3 || f.process == 7:
		kind = "a lossless JPEG"
	case f.process > 8:
		kind = "an arithmetic-coded JPEG"
	case f.process == 2:
		kind = "a progressive JPEG"
	}
	var factors []string
	for _, s := range f.sampling {
		factors = append(factors, fmt.Sprintf("%d×%d", s[0], s[1]))
	}
	return fmt.Sprintf("%s of %d bits with sampling %s", kind, f.bits, strings.Join(factors, ", "))
}

// memory is about how many bytes decoding takes: a byte for each sample, and four
// for its coefficient if the JPEG is progressive, for then all are kept.
func (f jpegFrame) memory(pixels int) int {
	across, down := 1, 1
	for _, s := range f.sampling {
		across, down = max(across, s[0]), max(down, s[1])
	}
	samples := 0
	for _, s := range f.sampling {
		samples += pixels * s[0] * s[1] / (across * down)
	}
	if f.process == 2 {
		return 5 * samples
	}
	return samples
}

// A turn is the orientation that EXIF data give a picture, 1 to 8; 0 is 1, as it
// is. Exif 2.32, 4.6.4, tag 274.
type turn uint8

// readTurn returns the turn in a file's EXIF data: none if there are no such data
// that can be read, or they make no sense.
func readTurn(file io.ReadSeeker, f *format) turn {
	kinds := map[*format]imagemeta.ImageFormat{
		&jpegFormat: imagemeta.JPEG, &pngFormat: imagemeta.PNG, &tiffFormat: imagemeta.TIFF, &webpFormat: imagemeta.WebP,
	}
	kind, ok := kinds[f]
	if !ok {
		return 0
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0
	}
	var found turn
	_, err := imagemeta.Decode(imagemeta.Options{
		R: file, ImageFormat: kind, Sources: imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool { return tag.Tag == "Orientation" && tag.Namespace == "IFD0" },
		HandleTag: func(tag imagemeta.TagInfo) error {
			if value, ok := tag.Value.(uint16); ok && value <= 8 {
				found = turn(value)
			}
			return imagemeta.ErrStopWalking
		},
	})
	if err != nil {
		return 0
	}
	return found
}

// across tells whether the turn makes columns of rows.
func (t turn) across() bool { return t >= 5 }

// frame is the size that an image of size f has after the turn.
func (t turn) frame(f Frame) Frame {
	if t.across() {
		return Frame{Height: f.Width, Width: f.Height}
	}
	return Frame{Height: f.Height, Width: f.Width}
}

// pixels turns an image of size from, [height, width, 3].
func (t turn) pixels(pixels []uint8, from Frame) []uint8 {
	if t <= 1 {
		return pixels
	}
	to := t.frame(from)
	turned := make([]uint8, 0, len(pixels))
	for y := range to.Height {
		for x := range to.Width {
			row, column := y, x // in pixels
			if t.across() {
				row, column = x, y
			}
			if t == 3 || t == 4 || t == 6 || t == 7 {
				row = from.Height - 1 - row
			}
			if t == 2 || t == 3 || t == 7 || t == 8 {
				column = from.Width - 1 - column
			}
			turned = append(turned, pixels[3*(row*from.Width+column):][:3]...)
		}
	}
	return turned
}
