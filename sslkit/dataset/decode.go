package dataset

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"
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
	buffer bufio.Reader
	rgb    rgbReader
}

// size returns the height and width that a file's header promises. Its errors
// name the path, unless they are a [damage].
func (r *fileReader) size(path string) (height, width int, err error) {
	err = r.open(path, func(format format) error {
		config, err := format.config(&r.buffer)
		if err != nil {
			return err
		}
		height, width = config.Height, config.Width
		return checkSize(height, width)
	})
	return height, width, err
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

// pixels returns the pixels, [height, width, 3], of a file whose header
// promises that size. Its errors name the path, unless they are a [damage].
func (r *fileReader) pixels(path string, height, width int) (pixels []uint8, err error) {
	err = r.open(path, func(format format) error {
		picture, err := format.decode(&r.buffer)
		if err != nil {
			return err
		}
		if size := picture.Bounds().Size(); size.X != width || size.Y != height {
			return fmt.Errorf("%d×%d pixels after a header that says %d×%d", size.X, size.Y, width, height)
		}
		pixels, err = r.rgb.read(picture)
		return err
	})
	return pixels, err
}

// open calls read with the format of a file's content, which is in r.buffer.
// What read returns is a damage, unless reading the file failed.
func (r *fileReader) open(path string, read func(format) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err // has the path
	}
	defer file.Close()
	content := &remembering{reader: file}
	r.buffer.Reset(content)
	format, err := sniff(&r.buffer)
	if err == nil {
		err = read(format)
	}
	switch {
	case content.err != nil:
		return content.err // has the path
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
	reader io.Reader
	err    error
}

func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.reader.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// A format is a kind of image file.
type format struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// sniff finds out the format of what a reader begins with.
func sniff(r *bufio.Reader) (format, error) {
	start, err := r.Peek(8)
	switch {
	case len(start) >= 3 && string(start[:3]) == "\xff\xd8\xff":
		return format{jpeg.DecodeConfig, jpeg.Decode}, nil
	case string(start) == "\x89PNG\r\n\x1a\n":
		return format{png.DecodeConfig, png.Decode}, nil
	case len(start) == 0 && err == io.EOF:
		return format{}, errors.New("empty")
	}
	return format{}, errors.New("neither JPEG nor PNG")
}
