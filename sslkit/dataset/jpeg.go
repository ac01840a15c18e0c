package dataset

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"strings"
)

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
