package dataset

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

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
