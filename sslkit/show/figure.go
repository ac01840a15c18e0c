package show

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// figure is a drawing of a fixed size on a white card, as pixels or as SVG.
type figure struct {
	width, height vg.Length
	draw          func(draw.Canvas) error
	coarse        bool // a pixel for each of the page's; two each way otherwise
}

// paint draws the figure on a canvas of its size.
func (f figure) paint(canvas vg.CanvasSizer) error {
	card := draw.New(crisp{canvas})
	card.SetColor(color.White)
	card.Fill(card.Rectangle.Path())
	return f.draw(card)
}

func (f figure) image() (image.Image, error) {
	dots := 2 * 96
	if f.coarse {
		dots = 96
	}
	canvas := vgimg.NewWith(vgimg.UseWH(f.width, f.height), vgimg.UseDPI(dots))
	if err := f.paint(canvas); err != nil {
		return nil, err
	}
	return canvas.Image(), nil
}

func (f figure) svg() (string, error) {
	canvas := vgsvg.New(f.width, f.height)
	if err := f.paint(canvas); err != nil {
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

// show puts the figure below the cell. Outside notebooks it prints hint.
func (f figure) show(hint string) error {
	data, err := f.display()
	if err != nil {
		return err
	}
	if !gonbui.IsNotebook {
		fmt.Println(hint)
		return nil
	}
	return send(data)
}

// update puts the figure in place of the last one with this name. Outside
// notebooks it does nothing.
func (f figure) update(name string) error {
	if !gonbui.IsNotebook {
		return nil
	}
	data, err := f.display()
	if err != nil {
		return err
	}
	data.DisplayID = name
	return send(data)
}

// display is the figure as notebooks take it: SVG, and a PNG of the same width.
func (f figure) display() (*protocol.DisplayData, error) {
	picture, err := f.image()
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		return nil, fmt.Errorf("show: %w", err)
	}
	svg, err := f.svg()
	if err != nil {
		return nil, err
	}
	return &protocol.DisplayData{
		Data:     map[protocol.MIMEType]any{protocol.MIMEImagePNG: file.Bytes(), protocol.MIMEImageSVG: svg},
		Metadata: map[string]any{string(protocol.MIMEImagePNG): map[string]int{"width": int(f.width / px)}},
	}, nil
}

// send shows something, and waits until it is on its way to the page.
func send(data *protocol.DisplayData) error {
	gonbui.SendData(data)
	gonbui.Sync()
	return gonbui.Error()
}

// save writes a file whose name ends in .png or .svg.
func (f figure) save(path string) error {
	switch filepath.Ext(path) {
	case ".png":
		picture, err := f.image()
		if err != nil {
			return err
		}
		return SavePNG(path, picture)
	case ".svg":
		svg, err := f.svg()
		if err != nil {
			return err
		}
		return os.WriteFile(path, []byte(svg), 0o644)
	}
	return fmt.Errorf("show: %s: want a name that ends in .png or .svg", path)
}
