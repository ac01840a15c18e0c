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
		if got := k.OK(c.code).Result["text/plain"]; !strings.Contains(got, c.want) || len(got) > 20_000 {
			t.Errorf("%s: %d bytes, %.300s", c.code, len(got), got)
		}
	}
}

// A picture is a picture, from whatever package and behind whatever function.
func TestPictures(t *testing.T) {
	k := start(t)
	k.OK("import \"image\"\n\nfunc picture(fails bool) (image.Image, error) {\n\tif fails {\n\t\treturn nil, errors.New(\"no picture\")\n\t}\n" +
		"\treturn image.NewNRGBA(image.Rect(0, 0, 30, 20)), nil\n}")
	o := k.OK("picture(false)")
	content, err := base64.StdEncoding.DecodeString(o.Result["image/png"])
	if err != nil {
		t.Fatal(err)
	}
	if m, err := png.Decode(bytes.NewReader(content)); err != nil || m.Bounds().Dx() != 30 || m.Bounds().Dy() != 20 {
		t.Errorf("%v, %v", m, err)
	}
	k.Fails("picture(true)", "error", "no picture")
	if o := k.OK("vgimg.New(10, 20).Image()"); o.Result["image/png"] == "" {
		t.Errorf("a picture of another package is %v", o.Result)
	}
}

// An error as the last value is how the cell ends; none shows nothing.
func TestErrorsAsValues(t *testing.T) {
	k := start(t)
	o := k.Fails("defer fmt.Println(\"deferred\")\nfmt.Println(\"before\")\nfmt.Errorf(\"first\\nsecond: %w\", os.ErrNotExist)", "error", "first\nsecond: file does not exist")
	if o.Stdout != "before\ndeferred\n" || o.Result != nil || !strings.Contains(o.Trace, "*fmt.wrapError") || strings.Contains(o.Trace, "goroutine") {
		t.Errorf("stdout %q, result %v, trace %q", o.Stdout, o.Result, o.Trace)
	}
	if o := k.Fails("strconv.Atoi(\"x\")", "error", `strconv.Atoi: parsing "x": invalid syntax`); o.Result != nil { // 0 says nothing
		t.Errorf("result %v", o.Result)
	}
	if o := k.Fails("strconv.ParseInt(\"300\", 10, 8)", "error", "out of range"); o.Result["text/plain"] != "127" {
		t.Errorf("result %v", o.Result)
	}
	for _, code := range []string{"var err error\nerr", "os.Chdir(\".\")", "json.Unmarshal([]byte(\"1\"), new(int))"} {
		if o := k.OK(code); o.Result != nil {
			t.Errorf("%q shows %v", code, o.Result)
		}
	}
	k.shows("strconv.Atoi(\"7\")", "7")
}
