package pipes

import (
	"bytes"
	"encoding/base64"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/gonb/value"
)

func TestPicture(t *testing.T) {
	head := func(wide, high, model byte) string { return string([]byte{wide, 0, 0, 0, high, 0, 0, 0, model}) }
	for _, c := range []struct {
		frame, fails string
		want         color.Color // of the pixel at 1, 0
	}{
		{frame: head(2, 1, value.Gray) + "\x01\xfe", want: color.Gray{Y: 0xfe}},
		{frame: head(2, 1, value.Gray16) + "\x01\x02\xfe\xff", want: color.Gray16{Y: 0xfeff}},
		{frame: head(2, 1, value.NRGBA) + "abcdefg\x80", want: color.NRGBA{'e', 'f', 'g', 0x80}},
		{frame: head(2, 1, value.NRGBA64) + "abcdefghijklmnop", want: color.NRGBA64{'i'<<8 + 'j', 'k'<<8 + 'l', 'm'<<8 + 'n', 'o'<<8 + 'p'}},
		{frame: "short", fails: "5 bytes"},
		{frame: head(2, 2, value.Gray) + "abc", fails: "2×2 pixels has 3"},
		{frame: head(0, 1, value.Gray), fails: "0×1"},
		{frame: head(1, 1, 9) + "a", fails: ""},
	} {
		mime, text, err := picture([]byte(c.frame))
		if c.want == nil {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%q: error %v, want %q in it", c.frame, err, c.fails)
			}
			continue
		}
		if err != nil || mime != "image/png" {
			t.Errorf("%q: %s, %v", c.frame, mime, err)
			continue
		}
		content, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		m, err := png.Decode(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if got := m.At(1, 0); got != c.want {
			t.Errorf("%q: pixel %v, want %v", c.frame, got, c.want)
		}
	}
}
