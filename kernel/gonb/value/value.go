// Package value shows the values of a cell's last expression. Its source lies
// beside the cell's program as a package of its own, where no name that a user
// declares hides one of Go's. It imports little: each cell links it.
package value

import (
	"fmt"
	"image"
	"os"
	"reflect"
	"syscall"
)

// MIME types of frames that are no results.
const (
	// PixelsMIME is that of a picture that is still to be encoded: a header, and pixels.
	PixelsMIME = "application/vnd.sslkit.pixels"
	// ErrorMIME is that of an error, with which the cell fails: its type, a line
	// feed, and what it says.
	ErrorMIME = "application/vnd.sslkit.error"
)

// out is where frames go: MIME type, a zero byte, the number of bytes as a
// little-endian uint32, and the bytes.
var out = os.NewFile(3, "show")

// Show shows the values of an expression. What has a method Show() error shows
// itself. An error as the last one fails the cell, and of those before it what is
// zero is not shown; a nil interface there, such as the error of a function that
// did well, shows nothing.
func Show(values ...any) {
	if len(values) == 0 {
		return
	}
	before, last := values[:len(values)-1], values[len(values)-1]
	err, failed := last.(error)
	failed = failed && !isNil(last) && last != syscall.Errno(0)
	for _, v := range before {
		if !failed || !isZero(v) {
			one(v)
		}
	}
	switch {
	case failed:
		fail(err)
	case last != nil && last != syscall.Errno(0):
		one(last)
	}
}

// fail fails the cell, and has it end as it would otherwise: deferred calls of the
// user's are still to come.
func fail(err error) {
	if !send(ErrorMIME, fmt.Appendf(nil, "%T\n%v", err, err)) {
		panic(err)
	}
}

func one(v any) {
	if _, ok := v.(struct{}); ok {
		return
	}
	if shows, ok := v.(interface{ Show() error }); ok && !isNil(v) {
		if err := shows.Show(); err != nil {
			fail(err)
		}
		return
	}
	if picture, ok := v.(image.Image); ok && !isNil(v) {
		if data, step := pixels(picture); data != nil && send(PixelsMIME, data) {
			if step > 1 {
				size := picture.Bounds().Size()
				send("text/plain", fmt.Appendf(nil, "one of %d×%d pixels of a picture of %d×%d", step, step, size.X, size.Y))
			}
			return
		}
	}
	mime, text := rich(v)
	if !send(mime, []byte(text)) {
		fmt.Println(text)
	}
}

// rich is a value in the form that its type knows, or as text.
func rich(v any) (mime, text string) {
	if !isNil(v) {
		switch v := v.(type) {
		case interface{ HTML() string }:
			return "text/html", v.HTML()
		case interface{ SVG() string }:
			return "image/svg+xml", v.SVG()
		case interface{ Markdown() string }:
			return "text/markdown", v.Markdown()
		}
	}
	return "text/plain", textOf(v)
}

// isNil says whether a value is a nil pointer, whose methods may not expect that.
func isNil(v any) bool {
	p := reflect.ValueOf(v)
	return p.Kind() == reflect.Pointer && p.IsNil()
}

// isZero says whether a value says nothing.
func isZero(v any) bool { return v == nil || reflect.ValueOf(v).IsZero() }

// send says whether there is somebody who reads frames.
func send(mime string, content []byte) bool {
	n := len(content)
	frame := append([]byte(mime), 0, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	if _, err := out.Write(frame); err != nil {
		return false
	}
	_, err := out.Write(content)
	return err == nil
}
