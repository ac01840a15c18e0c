package dataset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// asItIs is the plan of a picture that stays as it is.
func asItIs(height, width int) plan {
	size := Frame{Height: height, Width: width}
	return plan{height: height, width: width, part: size, to: size}
}

// readFile decodes one file.
func readFile(path string) (pixels []uint8, height, width int, err error) {
	var reader fileReader
	h, err := reader.header(path, false)
	if err == nil {
		pixels, err = reader.pixels(path, asItIs(h.height, h.width))
	}
	return pixels, h.height, h.width, err
}

// The files in testdata/decode were written with Pillow 13.0 (libjpeg-turbo
// 3.2.0), the .want.png beside each from its convert("RGB").
func TestDecodeAsPillow(t *testing.T) {
	for _, test := range []struct {
		file string
		most int // difference: decoders may round differently
	}{
		{"ycbcr444.jpg", 3}, {"ycbcr422.jpg", 2}, {"ycbcr420.jpg", 2}, {"progressive.jpg", 2}, {"narrow.jpg", 2},
		{"rgb.jpg", 1}, {"gray.jpg", 1}, {"cmyk.jpg", 2},
		{"rgba.png", 0}, {"gray.png", 0}, {"grayalpha.png", 0}, {"palette.png", 0}, {"palettealpha.png", 0},
		{"onebit.png", 0}, {"key.png", 0},
		{"colour.bmp", 0}, {"palette.bmp", 0}, {"bmp.jpg", 0},
		{"colour.tif", 0}, {"gray.tiff", 0}, {"alpha.tif", 0},
		{"lossless.webp", 0}, {"lossy.webp", 3}, {"alpha.webp", 2},
		{"palette.gif", 0}, {"film.gif", 0},
		{"sampling410.jpg", 2}, {"sampling2x2-2x1.jpg", 2},
	} {
		path := filepath.Join("testdata", "decode", test.file)
		got, height, width, err := readFile(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		want := wantedPixels(t, strings.ReplaceAll(path, ".", "_")+".want.png")
		if len(got) != len(want) || len(got) != height*width*3 {
			t.Errorf("%s: %d values, want %d", path, len(got), len(want))
			continue
		}
		worst := 0
		for i := range got {
			worst = max(worst, max(int(got[i]), int(want[i]))-min(int(got[i]), int(want[i])))
		}
		if worst > test.most {
			t.Errorf("%s: a value differs by %d from Pillow's, want %d at most", path, worst, test.most)
		}
	}
}

// wantedPixels reads an opaque PNG without the code under test.
func wantedPixels(t *testing.T, path string) []uint8 {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.Decode(file)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var pixels []uint8
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			c := color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
			pixels = append(pixels, c.R, c.G, c.B)
		}
	}
	return pixels
}

// What Pillow cannot write: 16 bits, with and without alpha.
func TestDecode16Bits(t *testing.T) {
	bounds := image.Rect(0, 0, 2, 1)
	gray := image.NewGray16(bounds)
	gray.SetGray16(1, 0, color.Gray16{Y: 0x12ff})
	opaque, clear := image.NewNRGBA64(bounds), image.NewNRGBA64(bounds)
	opaque.SetNRGBA64(0, 0, color.NRGBA64{A: 0xffff})
	opaque.SetNRGBA64(1, 0, color.NRGBA64{R: 0x0aff, G: 0x0b80, B: 0x0c00, A: 0xffff})
	clear.SetNRGBA64(1, 0, color.NRGBA64{R: 0x0aff, G: 0x0b80, B: 0x0c00, A: 0x0101})
	for _, test := range []struct {
		name    string
		picture image.Image
		want    []uint8
	}{
		{"gray", gray, []uint8{0, 0, 0, 0x12, 0x12, 0x12}},
		{"rgb", opaque, []uint8{0, 0, 0, 0x0a, 0x0b, 0x0c}},
		{"rgba", clear, []uint8{0, 0, 0, 0x0a, 0x0b, 0x0c}},
	} {
		path := filepath.Join(t.TempDir(), "image.png")
		writePNG(t, path, test.picture)
		got, _, _, err := readFile(path)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v and error %v, want %v", test.name, got, err, test.want)
		}
	}
}

func TestDecodeUnknownPixels(t *testing.T) {
	var reader rgbReader
	if _, err := reader.lines(image.NewAlpha(image.Rect(0, 0, 1, 1))); err == nil || !strings.Contains(err.Error(), "*image.Alpha") {
		t.Errorf("got error %v", err)
	}
}

// encoded returns a picture of noise as JPEG and as PNG.
func encoded(t testing.TB, height, width int) (asJPEG, asPNG []byte) {
	t.Helper()
	picture := testImages(Frame{Height: height, Width: width}).NRGBA(0)
	var j, p bytes.Buffer
	if err := errors.Join(jpeg.Encode(&j, picture, nil), png.Encode(&p, picture)); err != nil {
		t.Fatal(err)
	}
	return j.Bytes(), p.Bytes()
}

// claim returns a PNG with a header that claims another size.
func claim(data []byte, height, width uint32) []byte {
	data = bytes.Clone(data)
	header := data[12:29] // from the chunk's type
	binary.BigEndian.PutUint32(header[4:], width)
	binary.BigEndian.PutUint32(header[8:], height)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(header))
	return data
}

func TestDecodeDamaged(t *testing.T) {
	asJPEG, asPNG := encoded(t, 30, 40)
	flipped := bytes.Clone(asPNG)
	flipped[len(flipped)/2] ^= 4
	for _, test := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "empty"},
		{"text", []byte("an image?\n"), "neither JPEG, PNG, WebP, GIF, BMP nor TIFF"},
		{"short text", []byte("no"), "neither JPEG, PNG, WebP, GIF, BMP nor TIFF"},
		{"GIF", []byte("GIF89a......"), "gif: reading header: unexpected EOF"},
		{"start of a JPEG", asJPEG[:3], "truncated"},
		{"header of a JPEG", asJPEG[:100], "truncated"},
		{"half a JPEG", asJPEG[:len(asJPEG)/2], "truncated"},
		{"JPEG without its end", asJPEG[:len(asJPEG)-2], "truncated"},
		{"start of a PNG", asPNG[:8], "truncated"},
		{"half a PNG", asPNG[:len(asPNG)/2], "png: invalid format: not enough pixel data"},
		{"flipped bit", flipped, "zlib: invalid checksum"},
		{"bomb", claim(asPNG, 10_001, 10_000), "10000×10001 are too many pixels, want at most 100 million"},
		{"more rows", claim(asPNG, 31, 40), "png: invalid format: not enough pixel data"},
	} {
		path := filepath.Join(t.TempDir(), "image.jpg")
		if err := os.WriteFile(path, test.data, 0o644); err != nil {
			t.Fatal(err)
		}
		pixels, _, _, err := readFile(path)
		var d *damage
		if !errors.As(err, &d) || pixels != nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want a damage: %s", test.name, err, test.want)
		}
	}
}

// A file may change between the look at its header and the decoding.
func TestDecodeOtherSize(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image.png")
	_, asPNG := encoded(t, 3, 4)
	if err := os.WriteFile(path, asPNG, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := new(fileReader).pixels(path, asItIs(4, 3))
	if want := "4×3 pixels after a header that says 3×4"; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

// That a file cannot be read says nothing about its content.
func TestDecodeUnreadable(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]error{filepath.Join(dir, "missing.jpg"): fs.ErrNotExist, dir: nil} {
		_, _, _, err := readFile(path)
		var d *damage
		if err == nil || errors.As(err, &d) || !strings.Contains(err.Error(), path) || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: got error %v", path, err)
		}
	}
}

func FuzzImageFile(f *testing.F) {
	asJPEG, asPNG := encoded(f, 5, 7)
	f.Add(asJPEG)
	f.Add(asPNG)
	f.Add(asJPEG[:len(asJPEG)/2])
	f.Add([]byte("\xff\xd8\xff"))
	for _, name := range []string{
		"colour.bmp", "palette.bmp", "gray.tiff", "alpha.tif", "lossless.webp", "lossy.webp", "alpha.webp", "film.webp", "film.gif", "sampling3x1.jpg", "sampling410.jpg",
	} {
		data, err := os.ReadFile(filepath.Join("testdata", "decode", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(withTurn(f, image.NewGray(image.Rect(0, 0, 3, 2)), 6))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "image")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if h, err := new(fileReader).header(path, true); err == nil && h.height*h.width > 1<<20 {
			t.Skip("too large for a fuzz test")
		}
		pixels, height, width, err := readFile(path)
		var d *damage
		if err != nil && !errors.As(err, &d) {
			t.Fatalf("not a damage: %v", err)
		}
		if err == nil && len(pixels) != height*width*3 {
			t.Fatalf("%d values for %d×%d pixels", len(pixels), width, height)
		}
	})
}
