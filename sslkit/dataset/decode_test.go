package dataset

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
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
		pixels, err = reader.pixels(path, asItIs(int(h.height), int(h.width)))
	}
	return pixels, int(h.height), int(h.width), err
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

// A JPEG that image/jpeg does not read says what it is and what can be done.
func TestUnusualJPEG(t *testing.T) {
	for file, want := range map[string]string{
		"sampling3x1.jpg":     "a JPEG of 8 bits with sampling 3×1, 1×1, 1×1, which cannot be read: save it anew, as ImageMagick's convert -sampling-factor 4:2:0 does",
		"sampling1x4.jpg":     "a JPEG of 8 bits with sampling 1×4, 1×1, 1×1, which cannot be read: ",
		"sampling-uneven.jpg": "a JPEG of 8 bits with sampling 2×2, 1×2, 2×1, which cannot be read: ",
	} {
		path := filepath.Join("testdata", "decode", file)
		if _, err := File(path); err == nil || !strings.HasPrefix(err.Error(), "dataset: "+path+": "+want) {
			t.Errorf("%s: got error %v, want %s", file, err, want)
		}
	}
	for process, want := range map[byte]string{0xc1: "12 bits", 0xc3: "a lossless JPEG", 0xc9: "an arithmetic-coded JPEG"} {
		frame, found := readJPEGFrame([]byte{0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, process, 0, 11, 12, 0, 1, 0, 1, 1, 1, 0x11, 0})
		if !found || !strings.Contains(frame.String(), want) {
			t.Errorf("marker %x: %s, want %s", process, frame, want)
		}
	}
}

// The content counts, whatever the name.
func TestKindsUnderOtherNames(t *testing.T) {
	ownHome(t)
	files := map[string][]byte{}
	for _, name := range []string{"colour.bmp", "lossless.webp", "colour.tif", "palette.gif"} {
		data, err := os.ReadFile(filepath.Join("testdata", "decode", name))
		if err != nil {
			t.Fatal(err)
		}
		files["a/"+strings.ReplaceAll(name, ".", "_")+".jpg"], files["a/"+name] = data, data
	}
	images, err := Folder(t.Context(), writeFiles(t, files), FolderOptions{})
	if err != nil || images.Len() != 8 {
		t.Fatalf("%d images, error %v, want 8", images.Len(), err)
	}
	for i := 0; i < 8; i += 2 {
		if !slices.Equal(images.At(i), images.At(i+1)) {
			t.Errorf("%s and %s differ", images.Files[i], images.Files[i+1])
		}
	}
}

func TestFilmsAndPhones(t *testing.T) {
	for name, want := range map[string]string{"film.webp": "an animated WebP", "heic.jpg": `of the kind "heic", as HEIC, AVIF and films are`} {
		path := filepath.Join("testdata", "decode", name)
		if name == "heic.jpg" {
			path = filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(path, []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := File(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want %s", name, err, want)
		}
	}
}

// The first picture of a GIF may be smaller than its page.
func TestGIFOnItsPage(t *testing.T) {
	frame := image.NewPaletted(image.Rect(1, 2, 3, 4), color.Palette{color.RGBA{A: 255}, color.RGBA{R: 200, G: 100, B: 50, A: 255}})
	for i := range frame.Pix {
		frame.Pix[i] = 1
	}
	path := filepath.Join(t.TempDir(), "page.gif")
	var data bytes.Buffer
	if err := gif.EncodeAll(&data, &gif.GIF{Image: []*image.Paletted{frame}, Delay: []int{0}, Config: image.Config{Width: 5, Height: 6}}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	images, err := File(path)
	if err != nil || images.Height != 6 || images.Width != 5 {
		t.Fatalf("got %+v, error %v", images, err)
	}
	for p := range 30 {
		want := []uint8{0, 0, 0}
		if x, y := p%5, p/5; x >= 1 && x < 3 && y >= 2 && y < 4 {
			want = []uint8{200, 100, 50}
		}
		if got := images.Pixels[3*p : 3*p+3]; !slices.Equal(got, want) {
			t.Errorf("at %d, %d: %v, want %v", p%5, p/5, got, want)
		}
	}
}

// withTurn returns a JPEG with an orientation in its EXIF data.
func withTurn(t testing.TB, picture image.Image, orientation uint16) []byte {
	t.Helper()
	var data bytes.Buffer
	if err := jpeg.Encode(&data, picture, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	exif := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01")
	exif = binary.BigEndian.AppendUint16(exif, orientation)
	exif = append(exif, 0, 0, 0, 0, 0, 0)
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(exif)+2))
	return slices.Concat(data.Bytes()[:2], segment, exif, data.Bytes()[2:])
}

// The corners of a picture tell how it was turned.
func TestUpright(t *testing.T) {
	ownHome(t)
	const height, width, block = 16, 32, 8
	colours := []uint8{0, 80, 160, 240} // top left, top right, bottom left, bottom right
	picture := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			picture.SetGray(x, y, color.Gray{Y: colours[2*(y/block)+x/(2*block)]})
		}
	}
	files := map[string][]byte{"a/0.jpg": withTurn(t, picture, 9)} // no orientation
	for turn := uint16(1); turn <= 8; turn++ {
		files["a/"+string(rune('0'+turn))+".jpg"] = withTurn(t, picture, turn)
	}
	dir := writeFiles(t, files)
	want := [][]int{{0, 1, 2, 3}, {0, 1, 2, 3}, {1, 0, 3, 2}, {3, 2, 1, 0}, {2, 3, 0, 1}, {0, 2, 1, 3}, {2, 0, 3, 1}, {3, 1, 2, 0}, {1, 3, 0, 2}}
	for _, side := range []int{FullSize, 8} {
		for _, upright := range []bool{false, true} {
			images, err := Folder(t.Context(), dir, FolderOptions{Upright: upright, ShortSide: side})
			if err != nil {
				t.Fatal(err)
			}
			for i := range images.Len() {
				corners, across := []int{0, 1, 2, 3}, false
				if upright {
					corners, across = want[i], i >= 5
				}
				h, w := images.Size(i)
				if across != (h > w) {
					t.Errorf("side %d, upright %t: orientation %d is %d×%d", side, upright, i, w, h)
				}
				pixels := images.At(i)
				for k, at := range []int{0, w - 1, (h - 1) * w, h*w - 1} {
					if got := int(pixels[3*at]); got < int(colours[corners[k]])-6 || got > int(colours[corners[k]])+6 {
						t.Errorf("side %d, upright %t: orientation %d has %d in corner %d, want %d", side, upright, i, got, k, colours[corners[k]])
					}
				}
			}
		}
	}
}
