package show

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"path/filepath"
	"strings"

	"github.com/gossl/gossl/internal/atomicfile"
	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A Picture is something to look at, of a fixed size on a white card. It holds
// what there was to see when it was made: what changes later does not reach it.
//
// What a picture could not be made of is an error of whichever method is called,
// so that a line such as show.Grid(images, 20, 10).Show() has one error to check.
type Picture struct {
	what          string // the picture, in a line in a terminal
	width, height vg.Length
	draw          func(draw.Canvas) error
	coarse        bool  // a pixel for each of the page's; two each way otherwise
	err           error // there is no picture
}

// Show puts the picture below the notebook's cell. In a terminal it prints a line
// that says how to keep it. A picture that is the value of a cell's last
// expression is shown without a call.
func (p Picture) Show() error {
	if !gonbui.IsNotebook {
		if _, err := p.svg(); err != nil { // what cannot be drawn is an error here, too
			return err
		}
		fmt.Println(p.what + ": shown in a notebook; Save keeps it in a file")
		return nil
	}
	data, err := p.display()
	if err != nil {
		return err
	}
	return send(data)
}

// Image returns the pixels: two each way for one of the page, or one if that is
// as much as there is to see. The same picture has the same pixels.
func (p Picture) Image() (image.Image, error) {
	dots := 2 * 96
	if p.coarse {
		dots = 96
	}
	if err := p.invalid(); err != nil {
		return nil, err
	}
	canvas := vgimg.NewWith(vgimg.UseWH(p.width, p.height), vgimg.UseDPI(dots))
	if err := p.paint(canvas); err != nil {
		return nil, err
	}
	return canvas.Image(), nil
}

// Save writes the picture to a file, whose name ends in .png or .svg.
func (p Picture) Save(path string) error {
	var file []byte
	var err error
	switch filepath.Ext(path) {
	case ".png":
		file, err = p.png()
	case ".svg":
		var svg string
		svg, err = p.svg()
		file = []byte(svg)
	default:
		return fmt.Errorf("show: %s: want a name that ends in .png or .svg", path)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return atomicfile.Write(path, file)
}

// Live returns a function that shows one picture after the other, each in place
// of the one before, for a loop that changes what there is to see. A picture
// takes longer than many a step: show every tenth or so. Outside notebooks it
// shows nothing.
func Live() func(Picture) error {
	name := "sslkit_" + gonbui.UniqueId()
	return func(p Picture) error {
		if err := p.invalid(); err != nil || !gonbui.IsNotebook {
			return err
		}
		data, err := p.display()
		if err != nil {
			return err
		}
		data.DisplayID = name
		return send(data)
	}
}

// failed is the picture that there is not, for the reason that fmt.Errorf writes.
func failed(format string, args ...any) Picture { return Picture{err: fmt.Errorf(format, args...)} }

// invalid is why there is no picture, if there is none.
func (p Picture) invalid() error {
	if p.err == nil && p.draw == nil {
		return errors.New("show: an empty picture, want one that a function of this package made")
	}
	return p.err
}

// paint draws the picture on a canvas of its size.
func (p Picture) paint(canvas vg.CanvasSizer) error {
	card := draw.New(crisp{canvas})
	card.SetColor(color.White)
	card.Fill(card.Rectangle.Path())
	return p.draw(card)
}

func (p Picture) png() ([]byte, error) {
	picture, err := p.Image()
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		return nil, fmt.Errorf("show: %w", err)
	}
	return file.Bytes(), nil
}

func (p Picture) svg() (string, error) {
	if err := p.invalid(); err != nil {
		return "", err
	}
	canvas := vgsvg.New(p.width, p.height)
	if err := p.paint(canvas); err != nil {
		return "", err
	}
	var file bytes.Buffer
	if _, err := canvas.WriteTo(&file); err != nil {
		return "", fmt.Errorf("show: draw: %w", err)
	}
	svg := file.String()
	svg = svg[max(strings.Index(svg, "<svg"), 0):] // pages want no XML header
	return strings.NewReplacer(
		"<svg ", `<svg style="max-width:100%;height:auto" `,
		// Fonts of the same widths, where Liberation is not installed.
		"font-family:Liberation Sans", "font-family:Liberation Sans,Arial,Helvetica,sans-serif",
		"data:image/jpg", "data:image/png", // what they are
	).Replace(svg), nil
}

// display is the picture as notebooks take it: SVG, and a PNG of the same width.
func (p Picture) display() (*protocol.DisplayData, error) {
	file, err := p.png()
	if err != nil {
		return nil, err
	}
	svg, err := p.svg()
	if err != nil {
		return nil, err
	}
	return &protocol.DisplayData{
		Data:     map[protocol.MIMEType]any{protocol.MIMEImagePNG: file, protocol.MIMEImageSVG: svg},
		Metadata: map[string]any{string(protocol.MIMEImagePNG): map[string]int{"width": int(p.width / px)}},
	}, nil
}

// send shows something, and waits until it is on its way to the page.
func send(data *protocol.DisplayData) error {
	gonbui.SendData(data)
	gonbui.Sync()
	return gonbui.Error()
}
