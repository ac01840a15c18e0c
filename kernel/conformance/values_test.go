package conformance

import (
	"bytes"
	"encoding/base64"
	"image/png"
	"strings"
	"testing"
)

// A shown value has a size, and says what it leaves out.
func TestLargeValues(t *testing.T) {
	k := start(t)
	for _, c := range []struct{ code, want string }{
		{"make([]float64, 100000)", "… 99,980 more …"},
		{"m := map[int]int{}\nfor i := range 1000000 {\n\tm[i] = i\n}\nm", "map[0:0 1:1 2:2 3:3 4:4 5:5 6:6 7:7 8:8 9:9 … 999,980 more …"},
		{"struct{ Name, Text string }{\"n\", strings.Repeat(\"é\", 1000000)}", "… 999,000 more characters …"},
		{"[][]byte{make([]byte, 10<<20)}", "… 10,485,750 more …"},
	} {
		if got := k.ok(c.code).result["text/plain"]; !strings.Contains(got, c.want) || len(got) > 20_000 {
			t.Errorf("%s: %d bytes, %.300s", c.code, len(got), got)
		}
	}
}

// A picture is a picture, from whatever package and behind whatever function.
func TestPictures(t *testing.T) {
	k := start(t)
	k.ok("import \"image\"\n\nfunc picture(fails bool) (image.Image, error) {\n\tif fails {\n\t\treturn nil, errors.New(\"no picture\")\n\t}\n" +
		"\treturn image.NewNRGBA(image.Rect(0, 0, 30, 20)), nil\n}")
	o := k.ok("picture(false)")
	content, err := base64.StdEncoding.DecodeString(o.result["image/png"])
	if err != nil {
		t.Fatal(err)
	}
	if m, err := png.Decode(bytes.NewReader(content)); err != nil || m.Bounds().Dx() != 30 || m.Bounds().Dy() != 20 {
		t.Errorf("%v, %v", m, err)
	}
	k.fails("picture(true)", "error", "no picture")
	if o := k.ok("vgimg.New(10, 20).Image()"); o.result["image/png"] == "" {
		t.Errorf("a picture of another package is %v", o.result)
	}
}

// An error as the last value is how the cell ends; none shows nothing.
func TestErrorsAsValues(t *testing.T) {
	k := start(t)
	o := k.fails("defer fmt.Println(\"deferred\")\nfmt.Println(\"before\")\nfmt.Errorf(\"first\\nsecond: %w\", os.ErrNotExist)", "error", "first\nsecond: file does not exist")
	if o.stdout != "before\ndeferred\n" || o.result != nil || !strings.Contains(o.trace, "*fmt.wrapError") || strings.Contains(o.trace, "goroutine") {
		t.Errorf("stdout %q, result %v, trace %q", o.stdout, o.result, o.trace)
	}
	if o := k.fails("strconv.Atoi(\"x\")", "error", `strconv.Atoi: parsing "x": invalid syntax`); o.result != nil { // 0 says nothing
		t.Errorf("result %v", o.result)
	}
	if o := k.fails("strconv.ParseInt(\"300\", 10, 8)", "error", "out of range"); o.result["text/plain"] != "127" {
		t.Errorf("result %v", o.result)
	}
	for _, code := range []string{"var err error\nerr", "os.Chdir(\".\")", "json.Unmarshal([]byte(\"1\"), new(int))"} {
		if o := k.ok(code); o.result != nil {
			t.Errorf("%q shows %v", code, o.result)
		}
	}
	k.shows("strconv.Atoi(\"7\")", "7")
}
